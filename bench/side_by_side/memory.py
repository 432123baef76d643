"""Memory that the kernel has at hand.

A virtual machine may give the host back what is free. The first use of such a page then costs up to 10 µs, a hundred times the copy of
what is written to it, and whoever comes first pays: a log that grows on fresh pages, but not one that is deleted and begun again. The
machine of a broker in use has no such pages: all that is not otherwise used is page cache. So the rest of a large memory is held for the
whole of a run, and what is left free is touched before each measurement of a greatest rate, for every server alike. Not before a paced load: some
seconds later the host takes again what it finds free, and gigabytes of that stop the machine for a tenth of a second.
"""

import mmap

# Of the kernel's interface; Python has no name for it.
_MADV_POPULATE_WRITE = 23
# What is never taken: room for the page tables, and for everybody else.
_SPARE_KIB = 256 << 10


class Memory:
    """Holds memory from its making to its `close`. `keep_gib`: what is left to servers, load generator and page cache."""

    def __init__(self, keep_gib):
        beyond_kib = _available_kib("MemAvailable") - (keep_gib << 20)
        self._held = _populated(beyond_kib) if beyond_kib > 0 else None
        self.held_gib = max(0, beyond_kib) / (1 << 20)

    def touch_free(self):
        """Uses all free memory once."""
        touched = _populated(_available_kib("MemFree") - _SPARE_KIB)
        if touched:
            touched.close()

    def close(self):
        """Gives back what is held."""
        if self._held:
            self._held.close()
            self._held = None


def _populated(kib):
    """A private mapping of which every page is there; None where the kernel refuses."""
    if kib <= 0:
        return None
    mapping = mmap.mmap(-1, kib << 10, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        mapping.madvise(_MADV_POPULATE_WRITE)
    except OSError:
        # Linux before 5.14, or too little memory at this moment: the runs go on with fresh pages.
        mapping.close()
        return None
    return mapping


def _available_kib(field):
    with open("/proc/meminfo", encoding="ascii") as info:
        for line in info:
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0])
    return 0
