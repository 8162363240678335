package dev.kelpie.cluster.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Decisions that go in one frame see each other, and make what was decided.
final class DraftTest {
  private final Records records = new Records();
  private final Draft draft = new Draft(records);

  @Test
  void commitsSeeThoseBeforeThem() {
    assertTrue(commit(put("a", "1", 0)));
    assertFalse(commit(put("a", "2", 0)));
    assertTrue(commit(put("a", "2", 1), put("b", "1", 0)));
    assertTrue(commit(delete("a", 2)));
    assertFalse(commit(delete("a", 2)));
    assertTrue(commit(put("a", "new", 0)));
    assertEquals("[a=new v1, b=1 v1]", applied());
  }

  @Test
  void checksSeeCommitsBeforeThemAndChangeNothing() {
    assertTrue(commit(put("a", "1", 0)));
    assertTrue(draft.commit(List.of(), List.of(new Check("a", 1), new Check("b", 0))));
    assertTrue(draft.commit(List.of(put("b", "1", 0)), List.of(new Check("a", 1))));
    assertFalse(draft.commit(List.of(put("c", "1", 0)), List.of(new Check("b", 0))));
    assertFalse(draft.commit(List.of(put("c", "1", 0)), List.of(new Check("a", 2))));
    assertTrue(commit(delete("b", 1)));
    assertTrue(draft.commit(List.of(put("c", "1", 0)), List.of(new Check("b", 0))));
    assertTrue(draft.announce("live/a", bytes("1"), "me"));
    assertFalse(draft.commit(List.of(put("c", "2", 1)), List.of(new Check("live/a", 1))));
    assertEquals(5, draft.updates().size());
    assertEquals("[a=1 v1, c=1 v1, live/a=1 v1]", applied());
  }

  @Test
  void aRecordOfASessionIsChangedByTheSessionOnly() {
    assertTrue(draft.announce("a", bytes("1"), "me"));
    assertFalse(draft.announce("a", bytes("1"), "you"));
    assertFalse(commit(put("a", "2", 1)));
    assertFalse(commit(put("a", "2", 0)));
    assertFalse(draft.change("a", bytes("2"), "you"));
    assertTrue(draft.change("a", bytes("2"), "me"));
    assertFalse(draft.withdraw("a", "you"));
    assertEquals("[a=2 v2]", applied());
    assertEquals(Optional.of("me"), records.session("a"));
    Draft next = new Draft(records);
    assertFalse(next.withdraw("a", "you"));
    assertTrue(next.withdraw("a", "me"));
    assertFalse(next.withdraw("a", "me"));
    assertTrue(next.announce("a", bytes("3"), "you"));
    next.updates().forEach(records::apply);
    assertEquals("[a=3 v1]", "" + show());
    assertEquals(Set.of("you"), records.sessions());
  }

  @Test
  void aSessionIsBuriedWithAllItHas() {
    draft.announce("a", bytes("1"), "dead");
    draft.announce("b", bytes("1"), "alive");
    draft.announce("c", bytes("1"), "dead");
    applied();
    assertEquals(Set.of("a", "c"), records.keysOf("dead"));
    Draft next = new Draft(records);
    assertTrue(next.announce("d", bytes("1"), "dead"));
    assertTrue(next.bury("dead"));
    assertFalse(next.bury("dead"));
    next.updates().forEach(records::apply);
    assertEquals("[b=1 v1]", "" + show());
    assertEquals(Set.of("alive"), records.sessions());
    assertEquals(Set.of(), records.keysOf("dead"));
  }

  @Test
  void recordsKnowTheirBytesAndDifferences() {
    Records others = new Records();
    assertTrue(commit(put("same", "1", 0), put("a", "1", 0), put("b", "1", 0)));
    assertTrue(draft.announce("c", bytes("1"), "me"));
    draft.updates().forEach(others::apply);
    applied();
    assertEquals(Set.of(), records.differences(others));
    others.apply(new Update("a", 1, Optional.of(bytes("2"))));
    others.apply(Update.deletion("b"));
    others.apply(new Update("c", 1, Optional.of(bytes("1")), Optional.of("you")));
    others.apply(new Update("d", 1, Optional.of(bytes("1"))));
    assertEquals(Set.of("a", "b", "c", "d"), records.differences(others));
    assertEquals(Set.of("a", "b", "c", "d"), others.differences(records));
    long bytes = records.updates().stream().mapToLong(Update::size).sum();
    assertEquals(bytes, records.bytes());
    assertEquals(bytes + Integer.BYTES, Update.encode(List.copyOf(records.updates())).remaining());
  }

  @Test
  void updatesComeBackFromTheirBytes() {
    List<Update> updates =
        List.of(
            new Update("vdi/ä", 7, Optional.of(bytes("x"))),
            new Update("live/a", 1, Optional.of(new byte[0]), Optional.of("session-ü")),
            Update.deletion("k".repeat(512)));
    List<Update> read = Update.decode(Update.encode(updates));
    Records one = new Records();
    Records other = new Records();
    updates.forEach(one::apply);
    read.forEach(other::apply);
    assertEquals(Set.of(), one.differences(other));
    assertEquals(updates.getLast(), read.getLast());
    assertEquals(3, read.size());
  }

  private boolean commit(Put... changes) {
    return draft.commit(List.of(changes), List.of());
  }

  private String applied() {
    draft.updates().forEach(records::apply);
    return show().toString();
  }

  private List<String> show() {
    return records.list("").stream().map(DraftTest::show).toList();
  }

  private static String show(Stored stored) {
    return stored.key() + "=" + new String(stored.value(), UTF_8) + " v" + stored.version();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(bytes(value)), expected);
  }

  private static Put delete(String key, long expected) {
    return new Put(key, Optional.empty(), expected);
  }
}
