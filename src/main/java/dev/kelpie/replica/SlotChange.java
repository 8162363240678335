package dev.kelpie.replica;

import java.util.Optional;

/// A change of a slot's configuration that somebody wants ([SlotTable#commit]).
///
/// @param before what it is now, or the change is not made
/// @param proven the node that begins to be acting
record SlotChange(
    int slot, SlotConfig before, SlotConfig after, Optional<SlotTable.Proven> proven) {}
