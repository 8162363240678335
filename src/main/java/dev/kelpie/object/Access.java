package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;

/// What a read carries besides its range. Immutable, so that one can serve all reads of a VDI.
///
/// @param vdi the VDI on whose behalf the read is made, which for a parent's object is not the
///   object's own
/// @param generation of the lease under which the reader works; holders refuse older ones
public record Access(VdiId vdi, Generation generation, CacheMode mode, Patience patience) {}
