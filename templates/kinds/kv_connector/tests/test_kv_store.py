"""The store: keys that tell prefixes apart, files that are whole, and a configuration that works."""

import os

import pytest

{{ import_from(cookiecutter.package_name ~ ".kv_store", ["Damaged", "KVStore", "block_keys", "folder_in"]) }}

SCOPE, TOKENS = "0123456789abcdef-and-more", list(range(10))
KEY, LAYOUT, DATA = "scope/key.0", "float32", b"the KV of a block"


def test_a_key_stands_for_all_tokens_before_it_and_a_part_of_a_block_has_none():
    keys = block_keys(SCOPE, TOKENS, 4)
    assert len(set(keys)) == len(keys) == 2
    assert block_keys(SCOPE, TOKENS[:8], 4) == keys
    other = block_keys(SCOPE, [99, *TOKENS[1:]], 4)
    assert set(other).isdisjoint(keys)
    later = block_keys(SCOPE, [*TOKENS[:4], 99, *TOKENS[5:]], 4)
    assert (later[0] == keys[0], later[1] == keys[1]) == (True, False)


def test_what_else_makes_kv_differ_gives_other_keys():
    ways = [(SCOPE, 4, None), ("another", 4, None), (SCOPE, 2, None), (SCOPE, 4, "salt")]
    keys = [set(block_keys(scope, TOKENS, size, salt)) for scope, size, salt in ways]
    assert sum(map(len, keys)) == len(set.union(*keys))


def test_tokens_are_not_run_together():
    assert block_keys(SCOPE, [1, 23], 2) != block_keys(SCOPE, [12, 3], 2)


def test_what_is_put_is_got(tmp_path):
    store = KVStore(tmp_path)
    assert not store.has(KEY)
    store.put(KEY, LAYOUT, DATA)
    assert store.has(KEY)
    assert KVStore(tmp_path).get(KEY, LAYOUT) == DATA
    with pytest.raises(OSError):
        store.get("scope/another.0", LAYOUT)


DAMAGES = {
    "cut": lambda held: held[:-1],
    "empty": lambda held: b"",
    "longer": lambda held: held + b"!",
    "a bit of the KV": lambda held: held[:-1] + bytes([held[-1] ^ 1]),
    "a bit of the checksum": lambda held: bytes([held[0] ^ 1]) + held[1:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_and_deleted(tmp_path, damage):
    store = KVStore(tmp_path)
    store.put(KEY, LAYOUT, DATA)
    path = store.path(KEY)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(Damaged, match="is damaged"):
        store.get(KEY, LAYOUT)
    assert not store.has(KEY)
    store.put(KEY, LAYOUT, DATA)
    assert store.get(KEY, LAYOUT) == DATA


def test_a_file_of_another_key_or_layout_is_damaged(tmp_path):
    store = KVStore(tmp_path)
    for key in ("scope/one", "scope/two"):
        store.put(key, LAYOUT, DATA)
    os.replace(store.path("scope/one"), store.path("scope/other"))
    with pytest.raises(Damaged):
        store.get("scope/other", LAYOUT)
    with pytest.raises(Damaged):
        store.get("scope/two", "bfloat16")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        KVStore(tmp_path).put(KEY, LAYOUT, DATA)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nobody_sees_a_file_before_it_is_whole(tmp_path, monkeypatch):
    store, seen = KVStore(tmp_path), []
    replace = os.replace

    def look_first(*names):
        seen.append(store.has(KEY))
        replace(*names)

    monkeypatch.setattr(os, "replace", look_first)
    store.put(KEY, LAYOUT, DATA)
    assert (seen, store.get(KEY, LAYOUT)) == ([False], DATA)


def test_the_folder_is_made_and_only_its_owner_can_read_it(tmp_path):
    folder = folder_in({"folder": str(tmp_path / "a" / "b")}, writes=True)
    assert folder.is_dir() and not folder.stat().st_mode & 0o077
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"folder": "kv", "foldre": "kv", "size": 1}, "has foldre, size, and"),
        ({}, "folder in kv_connector_extra_config is None"),
        ({"folder": ""}, "folder in kv_connector_extra_config is ''"),
        ({"folder": 1}, "folder in kv_connector_extra_config is 1"),
        ({"folder": "{file}/store"}, "cannot be written: Not a directory"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path, settings, problem):
    (tmp_path / "file").touch()
    given = {
        name: value.format(file=tmp_path / "file") if isinstance(value, str) else value
        for name, value in settings.items()
    }
    with pytest.raises(ValueError, match=problem) as error:
        folder_in(given, writes=True)
    assert "Cure:" in str(error.value)


def test_a_folder_to_read_is_not_made(tmp_path):
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        folder_in({"folder": str(tmp_path / "nowhere")}, writes=False)
    assert folder_in({"folder": str(tmp_path)}, writes=False) == tmp_path
