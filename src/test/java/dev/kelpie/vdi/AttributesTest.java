package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.VdiAttributes.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class AttributesTest {
  private static final VdiName VM = new VdiName("vm1");
  private static final Answer ABSENT = new Answer.Absent();

  private final TestNode node;
  private final VdiAttributes attributes;

  AttributesTest() throws IOException {
    node = TestNode.start();
    node.create("vm1", TestNode.MIB);
    attributes = node.catalog.attributes();
  }

  @AfterEach
  void end() throws IOException {
    node.close();
  }

  private static VdiAttribute attribute(String key, String value) {
    return new VdiAttribute(VM, "", 0, key, value.getBytes(StandardCharsets.US_ASCII));
  }

  private ByteBuffer object(Answer answer) throws IOException {
    Answer.Found found = assertInstanceOf(Answer.Found.class, answer);
    ByteBuffer bytes = ByteBuffer.allocate(ObjectId.ATTRIBUTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(
        Outcome.DONE,
        node.catalog
            .clientObjects()
            .read(
                ObjectId.attribute(found.nameHash(), found.number()),
                0,
                bytes,
                CacheMode.DIRECT,
                Patience.WAIT));
    return bytes.flip();
  }

  private String value(Answer answer) throws IOException {
    ByteBuffer bytes = object(answer);
    byte[] value = new byte[bytes.getInt(524)];
    bytes.get(784, value);
    return new String(value, StandardCharsets.US_ASCII);
  }

  @Test
  void theSearchStartsAtTheHashOfNameTagIdAndKey() {
    byte[] parts = new byte[256 + 256 + 4 + 256];
    parts[0] = 'n';
    parts[256] = 't';
    parts[512] = 3;
    parts[516] = 'k';
    assertEquals(
        (int) SheepHash.fnv1a(parts),
        new VdiAttribute(new VdiName("n"), "t", 3, "k", new byte[0]).firstNumber());
  }

  @Test
  void anAttributeIsStoredAsTheOriginalStoresIt() throws IOException {
    Answer put = attributes.put(attribute("key", "value"), false);
    assertEquals(new Answer.Found(new VdiId(0xc59887), attribute("key", "").firstNumber()), put);
    ByteBuffer bytes = object(put);
    ByteBuffer expected =
        ByteBuffer.allocate(ObjectId.ATTRIBUTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    expected.put(0, "vm1".getBytes(StandardCharsets.US_ASCII));
    expected.putLong(512, InodeHeader.time(node.clock.now()));
    expected.putInt(524, 5).put(528, "key".getBytes(StandardCharsets.US_ASCII));
    expected.put(784, "value".getBytes(StandardCharsets.US_ASCII));
    assertEquals(expected.rewind(), bytes);
  }

  @Test
  void anAttributeIsFoundReplacedAndRemoved() throws IOException {
    assertEquals(ABSENT, attributes.find(attribute("key", "")));
    assertEquals(ABSENT, attributes.remove(attribute("key", "")));
    Answer put = attributes.put(attribute("key", "one"), true);
    assertEquals(new Answer.Exists(), attributes.put(attribute("key", "two"), true));
    assertEquals("one", value(attributes.find(attribute("key", ""))));
    assertEquals(put, attributes.put(attribute("key", "2"), false));
    assertEquals("2", value(attributes.find(attribute("key", ""))));
    assertEquals(ABSENT, attributes.find(attribute("other", "")));
    assertEquals(put, attributes.remove(attribute("key", "")));
    assertEquals(ABSENT, attributes.find(attribute("key", "")));
  }

  @Test
  void keysThatMeetAtOneNumberKeepApart() throws IOException {
    VdiAttribute first = attribute("key", "1");
    Answer.Found place = assertInstanceOf(Answer.Found.class, attributes.put(first, true));
    VdiAttribute second = attribute("other", "2");
    // The second is moved to the number behind the first one's, as if both had one hash.
    ObjectId taken = ObjectId.attribute(place.nameHash(), second.firstNumber());
    byte[] blocker = Arrays.copyOf(attribute("blocker", "x").encode(0), 800);
    assertEquals(
        Outcome.DONE,
        node.catalog
            .clientObjects()
            .create(
                taken,
                Base.ZEROS,
                0,
                ByteBuffer.wrap(blocker),
                CacheMode.DIRECT,
                Durability.DURABLE));
    Answer.Found moved = assertInstanceOf(Answer.Found.class, attributes.put(second, true));
    assertEquals(second.firstNumber() + 1, moved.number());
    assertEquals(moved, attributes.find(second));
    erase(taken);
    assertEquals(moved, attributes.find(second), "a deleted one does not end the search");
    assertEquals(moved, attributes.put(attribute("other", "3"), false));
    attributes.remove(second);
    Answer again = attributes.put(attribute("other", "4"), true);
    assertEquals(
        new Answer.Found(place.nameHash(), second.firstNumber()), again, "its place is used");
    assertNotEquals(moved, again);
  }

  private void erase(ObjectId object) throws IOException {
    assertEquals(
        Outcome.DONE,
        node.catalog
            .clientObjects()
            .write(
                object,
                0,
                ByteBuffer.allocate(1),
                CacheMode.DIRECT,
                Durability.DURABLE,
                Patience.WAIT));
  }

  @Test
  void attributesOutliveSnapshotsAndGoWithTheLastVdiOfTheirName() throws IOException {
    attributes.put(attribute("key", "value"), false);
    node.snapshot("vm1");
    assertEquals("value", value(attributes.find(attribute("key", ""))));
    node.delete("vm1", 1);
    node.delete("vm1");
    node.awaitFreed();
    assertEquals(new Answer.NoVdi(VdiAnswer.Reason.NO_VDI), attributes.find(attribute("key", "")));
    node.create("vm1", TestNode.MIB);
    assertEquals(ABSENT, attributes.find(attribute("key", "")));
  }

  @Test
  void aFullStoreHasNoRoomForOne() throws IOException {
    node.store.objectsMax(1);
    assertEquals(new Answer.NoSpace(), attributes.put(attribute("key", "value"), false));
  }
}
