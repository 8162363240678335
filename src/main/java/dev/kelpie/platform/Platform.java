package dev.kelpie.platform;

import java.util.random.RandomGenerator;

/// All doors together, as `sheep` or a test hands them to the rooms.
///
/// @param chance a source of random numbers that may be shared by threads
public record Platform(
    Disk disk, Network network, Clock clock, Tasks tasks, Locks locks, RandomGenerator chance) {}
