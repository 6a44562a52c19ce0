"""Calls into plugins: whose fault it is, said in one line."""

import errno
import os

import pytest

import mfplug
from mfplug.contracts.calls import calling
from mfplug.errors import ParameterError, PluginError


@pytest.fixture
def plugin():
    return mfplug.create("potential", "gaussian", width=0.7)


def test_what_a_plugin_raises_names_it(plugin):
    with (
        pytest.raises(PluginError, match=r"rows\(\) failed; got FileNotFoundError"),
        calling(plugin, "rows()"),
    ):
        raise OSError(errno.ENOENT, "no such table", "table.txt")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EROFS])
def test_a_full_disk_is_not_the_plugins_fault(plugin, code):
    with pytest.raises(OSError, match=os.strerror(code)), calling(plugin, "rows()"):
        raise OSError(code, os.strerror(code))


def test_a_plugin_does_not_end_the_process(plugin):
    with pytest.raises(PluginError, match="SystemExit"), calling(plugin, "rows()"):
        raise SystemExit(0)


def test_errors_of_mfplug_pass(plugin):
    with pytest.raises(ParameterError, match="mine"), calling(plugin, "rows()"):
        raise ParameterError("mine")
