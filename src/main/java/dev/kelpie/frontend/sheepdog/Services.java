package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.vdi.VdiDirectory;
import java.util.Optional;

/// The floors below that a [SheepdogServer] serves from.
///
/// @param cache empty where the node runs without the object cache; then every write is durable
///   when it is answered
/// @param store this node's disks, behind the cache
public record Services(
    ClientObjects objects,
    VdiDirectory vdis,
    Optional<CacheControl> cache,
    ObjectStore store,
    ClusterBook book,
    NodeControl node) {}
