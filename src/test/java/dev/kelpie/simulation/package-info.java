/// A node under random work, through its real front ends, against a model of what each place of
/// each disk may hold.
///
/// A [Script] is a list of [Op]s that a seed has chosen: requests of several clients in all modes
/// over both protocols, snapshots, faults, kills, power cuts, and *holds*, which stop a call of the
/// cache to the store behind it until other requests have run. [Simulation] carries a script out on
/// a [ServedNode] and compares with [History]. [Shrinker] makes a script that fails shorter. [Soak]
/// does that for many seeds.
///
/// [Plants] are bugs put into the product's source text, one at a time, which the same scripts have
/// to find.
@NullMarked
package dev.kelpie.simulation;

import org.jspecify.annotations.NullMarked;
