package dev.kelpie.cluster;

/// Who a node is.
///
/// @param member as the map has it; what it says may be different at the next start
/// @param id the same for as long as its directory lives
public record Identity(Member member, String id) {}
