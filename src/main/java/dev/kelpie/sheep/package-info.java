/// The daemon: reads its options, builds the floors of one node, runs until it is told to stop, and
/// stops without losing anything.
///
/// [Sheep] is the program; [SheepConfig] what it was asked for, read by [CommandLine] from the
/// table in [SheepOptions]; [Entrances] are where clients come in, with the [Certificates] that
/// they are shown; [SheepNode] the floors, wired on one screen. [BaseDirectory] and [PidFile] guard
/// against a second daemon and against directories of another format; [Detachment] cuts the tie to
/// the terminal once the daemon serves. May use every room; holds no logic that belongs to one of
/// them.
@NullMarked
package dev.kelpie.sheep;

import org.jspecify.annotations.NullMarked;
