package dev.kelpie.replica;

/// In the name of which configuration a primary asks: a node that knows a later one refuses.
public record Claim(int slot, long ballot) {}
