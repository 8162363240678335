/// TLS over any connection: certificates and keys from PEM files, and the encrypted stream.
///
/// [Credentials] are what one side shows and whom it trusts; a [TlsContext] makes connections with
/// them, a [TlsConnection] is one of those and takes the place of the plain one, and a [TlsPolicy]
/// says who has to come that way. [Handshakes] bounds what strangers can make a server hold. Both
/// sides show a certificate, always. Nothing is encrypted by code of our own: the Java library's
/// `SSLEngine` does it all.
///
/// Locks: each [TlsConnection] has one under which records are sealed, and one for writers, held
/// while records go to the network; who has the second may take the first, never the other way. The
/// buffers of a [TlsContext] have one, and its handshakes. None but the writers' is held for a
/// wait, and a reader does not wait for that one.
///
/// May use `platform`.
@NullMarked
package dev.kelpie.tls;

import org.jspecify.annotations.NullMarked;
