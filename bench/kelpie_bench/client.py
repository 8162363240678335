"""A client in this process: libnbd."""

import contextlib


@contextlib.contextmanager
def attached(server, *disk):
    """A connection to a disk, which says goodbye at the end."""
    import nbd  # of a package that is installed after this module was loaded

    handle = nbd.NBD()
    if server.certificates:
        handle.set_tls_certificates(str(server.certificates.client))
    handle.connect_uri(server.uri(*disk))
    yield handle
    handle.shutdown()


def flush(server, *disk):
    """Brings what was written to the disk, so that nobody does it during another's run."""
    with attached(server, *disk) as handle:
        handle.flush()
