package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;

/// An object that a node has, and its version.
public record Versioned(ObjectId object, Version version) {}
