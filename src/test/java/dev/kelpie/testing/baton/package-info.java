/// A simulated platform for rooms with tasks, locks and connections: the code under test runs on
/// real threads, of which only the one that has the [Baton] moves. Wherever it meets a door of the
/// platform, a seed may pass the baton on, let time go by, or lose and delay bytes. So a run
/// depends on its seed alone, a wait costs nothing, and who waits for ever is found at once.
@NullMarked
package dev.kelpie.testing.baton;

import org.jspecify.annotations.NullMarked;
