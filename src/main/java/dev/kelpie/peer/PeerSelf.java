package dev.kelpie.peer;

import dev.kelpie.tls.TlsContext;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Who this node is for others.
///
/// @param name address and port as text, by which other nodes reach it
/// @param cluster the creation time of the cluster, 0 where it is not formatted
/// @param tls for connections that this node makes; empty where they are plain
public record PeerSelf(String name, LongSupplier cluster, Optional<TlsContext> tls) {}
