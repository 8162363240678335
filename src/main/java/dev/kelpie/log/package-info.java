/// What the daemon has to say. Every room is handed a [Log] and writes to it; where the lines go
/// and how they look is decided once, when the daemon starts.
///
/// [QueuedLog] takes messages from any thread, notes where they came from, and hands them to one
/// thread that renders them in a [LogFormat] and writes them to a [LogSink]: a [FileSink], a
/// [TerminalSink] or a [SyslogSink]. A [SparseLog] stands before it where clients could flood it.
/// Uses no other room: the log must still speak when the platform is in trouble, so its sinks open
/// files and call the system themselves.
@NullMarked
package dev.kelpie.log;

import org.jspecify.annotations.NullMarked;
