"""What a path can name: a file of rows, or a folder of pictures; nothing else is opened."""

import os
import sys
from pathlib import Path

import pytest

import learndock as ld
from learndock.errors import BadData
from learndock.service.files import CsvBlocks, files_in, opened, read


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_folders_pictures_come_by_path_without_hidden_ones():
    for name in ("b/2.JPG", "b/1.png", "a.gif", ".hidden/x.png", "b/._1.png", "notes.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    Path("folder.png").mkdir()
    found = [path.as_posix() for path in files_in(Path())]
    assert found == ["a.gif", "b/1.png", "b/2.JPG"]


def test_a_folder_without_pictures_is_refused():
    with pytest.raises(BadData, match=r"no pictures.*\.png"):
        files_in(Path())


def test_one_picture_is_refused_with_what_to_give():
    Path("cat.PNG").touch()
    with pytest.raises(BadData, match=r"cat\.PNG is one picture.*folder.*list of paths"):
        ld.sketch(Path("cat.PNG"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with a name")
@pytest.mark.parametrize("reads", [read, opened])
def test_a_pipe_is_refused_and_not_waited_for(reads):
    os.mkfifo("rows.csv")
    with pytest.raises(BadData, match="neither a file nor a folder"):
        reads(Path("rows.csv"))


def test_columns_of_a_file_without_names_are_refused():
    Path("a.txt").write_text("one\n")
    with pytest.raises(BadData, match="no named columns, and 'y'"):
        opened(Path("a.txt"), drop=["y"])


def test_blocks_that_read_columns_as_strings_leave_the_others_as_they_are():
    Path("a.csv").write_text("open,n\nTrue,1\nFalse,2\n")
    blocks = CsvBlocks(Path("a.csv"), drop=())
    (strings,) = blocks.reading_as(["open"])
    (plain,) = blocks
    assert strings["open"].tolist() == ["True", "False"]
    assert plain["open"].tolist() == [True, False]
