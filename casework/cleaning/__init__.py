"""Making harmless copies of untrusted files.

`runner` starts a process of its own for each file and speaks with it through pipes; `sandbox` is what runs in there,
with limits on time and memory, no network, no environment, no keys and no database. The other modules each know one
sort of file, take bytes and return bytes. Nothing here imports models or the rest of casework.
"""
