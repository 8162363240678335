package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;

/// What a store knows about an object without reading its bytes.
///
/// @param generation of the last change
/// @param pushNumber of the last change
/// @param allocatedBytes that the object takes on its device, without what holes save
public record ObjectStat(
    ObjectId object, Generation generation, long pushNumber, long allocatedBytes) {}
