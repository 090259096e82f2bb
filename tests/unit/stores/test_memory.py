from learndock.stores.memory import memory


def test_two_stores_share_nothing():
    digest = memory("here").put(b"model")
    assert digest not in memory("here").digests()
