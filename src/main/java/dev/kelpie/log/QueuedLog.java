package dev.kelpie.log;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The daemon's log: messages wait in a bounded queue for one thread that writes them, so that a
/// slow disk under the log does not hold up I/O.
///
/// Nothing is lost at the end: [#close] writes what waits, and a message of level `ERROR` and above
/// is written before the call returns (unless the destination hangs for [#PATIENCE]). Where
/// messages come faster than they can be written, those below `ERROR` are dropped, and the log says
/// how many.
public final class QueuedLog implements Log, Closeable {
  /// Messages that may wait: with texts of at most 1 KiB, a few MiB.
  private static final int QUEUE_MAX = 4096;

  /// How long a caller waits for a destination that hangs.
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final String TOO_MANY = "they came faster than the log could be written";
  private static final Set<String> OWN_CLASSES =
      Set.of(Log.class.getName(), QueuedLog.class.getName(), SparseLog.class.getName());
  private static final StackWalker WALKER = StackWalker.getInstance();

  private final LogSink sink;
  private final InstantSource clock;
  private final Thread writer;
  private volatile Level level;

  /// Guards all that follows. Held for moments only, never while the sink writes.
  private final Object monitor = new Object();

  private final ArrayDeque<LogMessage> queue = new ArrayDeque<>();
  private long takenIn;
  private long written;
  private long dropped;
  private boolean rotationWanted;
  private boolean closing;

  /// Why messages were dropped; of the writer alone.
  private String trouble = TOO_MANY;

  /// Starts to write to `sink`, which is closed with this log.
  ///
  /// @param level the least urgent level that is kept
  public QueuedLog(LogSink sink, Level level) {
    this(sink, level, InstantSource.system());
  }

  QueuedLog(LogSink sink, Level level, InstantSource clock) {
    this.sink = sink;
    this.level = level;
    this.clock = clock;
    this.writer = Thread.ofPlatform().name("logger").daemon().unstarted(this::writeAll);
    writer.start();
  }

  /// The least urgent level that is kept.
  public Level level() {
    return level;
  }

  /// Changes it, at once.
  public void setLevel(Level level) {
    this.level = level;
  }

  @Override
  public void write(Level messageLevel, String text) {
    if (!messageLevel.asUrgentAs(level)) {
      return;
    }
    LogMessage message = located(messageLevel, text);
    boolean urgent = messageLevel.asUrgentAs(Level.ERROR);
    synchronized (monitor) {
      if (queue.size() >= QUEUE_MAX && urgent) {
        waitUntil(written + 1);
      }
      if (closing || queue.size() >= QUEUE_MAX) {
        dropped++;
        return;
      }
      queue.add(message);
      takenIn++;
      monitor.notifyAll();
      if (urgent) {
        waitUntil(takenIn);
      }
    }
  }

  /// Puts the old lines aside and starts a new file, soon.
  public void rotate() {
    synchronized (monitor) {
      rotationWanted = true;
      monitor.notifyAll();
    }
  }

  /// Writes what waits. Messages that come later are dropped.
  @Override
  public void close() throws IOException {
    synchronized (monitor) {
      closing = true;
      monitor.notifyAll();
      waitUntil(takenIn);
    }
    if (writer.isAlive() && writer != Thread.currentThread()) {
      try {
        writer.join(PATIENCE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Waits until so many messages were written, but not for ever. An interrupt is kept for the
  /// caller.
  private void waitUntil(long count) {
    if (Thread.currentThread() == writer) {
      return;
    }
    long start = System.nanoTime();
    boolean interrupted = false;
    while (written < count && writer.isAlive() && System.nanoTime() - start < PATIENCE.toNanos()) {
      try {
        monitor.wait(100);
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private LogMessage located(Level messageLevel, String text) {
    Optional<StackWalker.StackFrame> caller =
        WALKER.walk(
            frames -> frames.filter(f -> !OWN_CLASSES.contains(f.getClassName())).findFirst());
    return new LogMessage(
        clock.instant(),
        messageLevel,
        Thread.currentThread().getName(),
        caller.map(QueuedLog::function).orElse("unknown"),
        caller.map(StackWalker.StackFrame::getLineNumber).orElse(0),
        text);
  }

  /// The method as its author wrote it: a lambda's body belongs to the method around it, a
  /// constructor is called by its class.
  private static String function(StackWalker.StackFrame frame) {
    String method = frame.getMethodName();
    if (method.startsWith("lambda$")) {
      return method.substring("lambda$".length(), method.lastIndexOf('$'));
    }
    String type = frame.getClassName();
    return method.startsWith("<") ? type.substring(type.lastIndexOf('.') + 1) : method;
  }

  private void writeAll() {
    while (writeBatch()) {}
  }

  /// Waits for work and does it.
  ///
  /// @return whether there may be more
  private boolean writeBatch() {
    List<LogMessage> batch = new ArrayList<>();
    boolean rotate;
    boolean last;
    synchronized (monitor) {
      while (queue.isEmpty() && !rotationWanted && !closing) {
        try {
          monitor.wait();
        } catch (InterruptedException _) {
          // nobody ends this thread but close()
        }
      }
      batch.addAll(queue);
      queue.clear();
      rotate = rotationWanted;
      rotationWanted = false;
      last = closing;
    }
    boolean done = put(batch, rotate, last);
    synchronized (monitor) {
      written += batch.size();
      if (!done) {
        dropped += batch.size();
      }
      monitor.notifyAll();
    }
    return !last;
  }

  /// Writes a batch, then a word on what was dropped before.
  ///
  /// @return whether the batch was written
  private boolean put(List<LogMessage> batch, boolean rotate, boolean last) {
    try {
      if (rotate) {
        rotateSink();
      }
      for (LogMessage message : batch) {
        sink.write(message);
      }
      sink.flush();
      reportDropped();
      if (last) {
        sink.close();
      }
      return true;
    } catch (IOException | RuntimeException e) {
      trouble = e.toString();
      return false;
    }
  }

  private void rotateSink() throws IOException {
    try {
      sink.rotate();
    } catch (IOException e) {
      sink.write(located(Level.WARN, "cannot put the log aside, going on with it: " + e));
    }
  }

  private void reportDropped() throws IOException {
    long count;
    synchronized (monitor) {
      count = dropped;
      dropped = 0;
    }
    if (count > 0) {
      sink.write(located(Level.WARN, "dropped messages: " + count + " (" + trouble + ")"));
      sink.flush();
      trouble = TOO_MANY;
    }
  }
}
