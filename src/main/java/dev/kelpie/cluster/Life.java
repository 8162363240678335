package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Presence;

/// A life of this node that the others can see.
///
/// @param incarnation its number, by which the map knows it
/// @param presence its record, which others may take for gone when its lease is over
public record Life(long incarnation, Presence presence) {}
