/// Counting what happens without slowing it down: a count takes no lock and allocates nothing.
///
/// Knows neither who counts nor who reads. Uses no other room.
@NullMarked
package dev.kelpie.metrics;

import org.jspecify.annotations.NullMarked;
