package dev.kelpie.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;

/// The strict client as a load: takes a [LoadJob] from each line of its input and answers it with a
/// line of JSON. `Load PERCENTILE:...` tells the latencies that so many percent of the requests
/// stay below. `bench/run` keeps one of these for all its jobs, so that it is as warm for the first
/// server as for the last.
final class Load {
  private Load() {}

  public static void main(String[] words) throws IOException {
    List<String> percentiles = List.of(words[0].split(":"));
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      try (LoadRun run = new LoadRun(LoadJob.parse(line))) {
        run.go();
        System.out.println(run.json(percentiles));
      }
    }
  }
}
