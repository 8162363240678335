package dev.kelpie.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/// What a guest asked of its disk, as `bench/record-traces` wrote it down. The file is compressed
/// text with a request in each line: `r` or `w`, the first block of 4 KiB, the number of blocks.
record RecordedTrace(List<Request> requests) {
  private static final List<String> NAMES = List.of("boots", "files", "database", "backup");

  /// A read or a write of a run of blocks.
  record Request(boolean write, int first, int blocks) {
    Request {
      if (first < 0 || blocks < 1) {
        throw new IllegalArgumentException(blocks + " blocks from " + first);
      }
    }

    int firstChunk() {
      return first / IndexLayout.BLOCKS_PER_CHUNK;
    }

    int lastChunk() {
      return (first + blocks - 1) / IndexLayout.BLOCKS_PER_CHUNK;
    }

    /// Which blocks of a chunk it is about.
    int blocksOf(int chunk) {
      int start = chunk * IndexLayout.BLOCKS_PER_CHUNK;
      int from = Math.max(first - start, 0);
      int last = Math.min(first + blocks - 1 - start, IndexLayout.BLOCKS_PER_CHUNK - 1);
      return BlockMask.range(from, last);
    }

    private static Request parse(String line) {
      String[] words = line.split(" ", -1);
      boolean write = words[0].equals("w");
      if (words.length != 3 || !(write || words[0].equals("r"))) {
        throw new IllegalArgumentException("not a request: " + line);
      }
      return new Request(write, Integer.parseInt(words[1]), Integer.parseInt(words[2]));
    }
  }

  /// All that are kept with the sources, by name.
  static Map<String, RecordedTrace> all() throws IOException {
    Map<String, RecordedTrace> traces = new LinkedHashMap<>();
    for (String name : NAMES) {
      traces.put(name, named(name));
    }
    return traces;
  }

  /// One that is kept with the sources.
  static RecordedTrace named(String name) throws IOException {
    String file = name + ".trace.gz";
    try (InputStream in = RecordedTrace.class.getResourceAsStream(file)) {
      return read(Objects.requireNonNull(in, file));
    }
  }

  static RecordedTrace read(InputStream in) throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(new GZIPInputStream(in), US_ASCII))) {
      return new RecordedTrace(lines.lines().map(Request::parse).toList());
    }
  }

  /// The chunks that the requests touch, in that order.
  int[] chunks() {
    return requests.stream()
        .flatMapToInt(each -> IntStream.rangeClosed(each.firstChunk(), each.lastChunk()))
        .toArray();
  }
}
