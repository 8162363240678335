/// What the daemon has to say. Every room is handed a [Log] and writes to it; where the lines go
/// and how they look is decided once, when the daemon starts.
@NullMarked
package dev.kelpie.log;

import org.jspecify.annotations.NullMarked;
