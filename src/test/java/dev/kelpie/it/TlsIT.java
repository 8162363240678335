package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real programs in TLS against the real daemon.
final class TlsIT {
  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));
  private Optional<TestCertificates> made = Optional.empty();

  @BeforeEach
  void start() {
    TestCertificates certificates = new TestCertificates(temp.resolve("tls"));
    made = Optional.of(certificates);
    sheep = SheepProcess.in(temp).with("-w", "size=128M,keep=always");
    sheep.with("--tls-dir", certificates.good().toString());
    sheep.start();
    dog(certificates.good(), "cluster", "format", "-c", "1").ok();
    dog(certificates.good(), "vdi", "create", "disk", "128M").ok();
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  private TestCertificates certificates() {
    return made.orElseThrow();
  }

  private Ran dog(Path directory, String... words) {
    List<String> command = new ArrayList<>(List.of(SheepProcess.program("dog")));
    command.addAll(List.of(words));
    command.addAll(List.of("-a", "127.0.0.1", "-p", "" + sheep.port()));
    return Ran.run(new byte[0], Map.of("KELPIE_TLS_DIR", directory.toString()), command);
  }

  private String uri(Path directory) {
    return "nbds://localhost:" + sheep.nbdPort() + "/disk?tls-certificates=" + directory;
  }

  private void awaitLog(String text) {
    Await.until("the log says: " + text, () -> sheep.log().contains(text));
  }

  @Test
  void libnbdAndFioReadWhatTheyWrote() {
    String uri = uri(certificates().good());
    String info = Ran.run("nbdinfo", uri).ok().out();
    assertTrue(info.contains("protocol: newstyle-fixed with TLS"), info);
    awaitLog("uses disk over TLSv1.3, CN=the client");
    Ran.run("nbdcopy", uri, temp.resolve("back").toString()).ok();
  }

  /// libnbd lets `fio` name no directory, so nbdkit stands between, in TLS on our side.
  @Test
  void fioFindsWhatItWrote() {
    String fio =
        "fio --ioengine=nbd --uri=$uri --name=verify --rw=randwrite --bsrange=512-256k"
            + " --blockalign=512 --size=64m --iodepth=32 --fsync=64 --verify=crc32c --do_verify=1"
            + " --verify_fatal=1 --verify_state_save=0";
    Ran.run(
            "nbdkit",
            "-U",
            "-",
            "nbd",
            "hostname=localhost",
            "port=" + sheep.nbdPort(),
            "export=disk",
            "tls=require",
            "tls-certificates=" + certificates().good(),
            "--run",
            fio)
        .ok();
    awaitLog("uses disk over TLSv1.3, CN=the client");
  }

  @Test
  void qemuCopiesInAndCompares() throws IOException {
    byte[] bytes = new byte[24 << 20];
    new Random(1).nextBytes(bytes);
    Path image = Files.write(temp.resolve("image"), bytes);
    for (String priority : List.of("NORMAL", "NORMAL:-VERS-ALL:+VERS-TLS1.2")) {
      List<String> tls =
          List.of(
              "--object",
              "tls-creds-x509,id=t,endpoint=client,verify-peer=yes,dir="
                  + certificates().good()
                  + ",priority="
                  + priority);
      String disk =
          "driver=nbd,host=localhost,port=" + sheep.nbdPort() + ",export=disk,tls-creds=t";
      List<String> convert = new ArrayList<>(List.of("qemu-img", "convert"));
      convert.addAll(tls);
      convert.addAll(List.of("-n", "--target-image-opts", "-f", "raw", image.toString(), disk));
      Ran.run(convert.toArray(String[]::new)).ok();
      List<String> compare = new ArrayList<>(List.of("qemu-img", "compare"));
      compare.addAll(tls);
      compare.addAll(List.of("--image-opts", disk, "driver=file,filename=" + image));
      Ran compared = Ran.run(compare.toArray(String[]::new));
      assertTrue(compared.out().contains("identical"), compared::toString);
    }
    awaitLog("uses disk over TLSv1.2, CN=the client");
  }

  @Test
  void whoHasNoRightCertificateGetsNothingAndTheLogSaysWhy() {
    Ran plain = Ran.run("nbdinfo", sheep.nbd("disk"));
    assertFalse(plain.status() == 0, plain::toString);
    Ran stranger = Ran.run("nbdinfo", uri(certificates().pretender()));
    assertFalse(stranger.status() == 0, stranger::toString);
    awaitLog("showed no certificate"); // GnuTLS does not show one that will not do
    Ran expired = Ran.run("nbdinfo", uri(certificates().expired()));
    assertFalse(expired.status() == 0, expired::toString);
    Ran wary = Ran.run("nbdinfo", uri(certificates().stranger()));
    assertFalse(wary.status() == 0, wary::toString);
    Ran.run("nbdinfo", uri(certificates().good())).ok();
  }

  @Test
  void opensslTalksToTheSheepdogPort() {
    String connect = "127.0.0.1:" + sheep.port();
    Path good = certificates().good();
    Ran with =
        Ran.run(
            "openssl",
            "s_client",
            "-brief",
            "-verify_return_error",
            "-connect",
            connect,
            "-CAfile",
            good + "/ca-cert.pem",
            "-cert",
            good + "/client-cert.pem",
            "-key",
            good + "/client-key.pem");
    assertTrue(with.err().contains("Verification: OK"), with::toString);
    Ran.run("openssl", "s_client", "-brief", "-connect", connect);
    awaitLog("showed no certificate");
    Path pretender = certificates().pretender();
    Ran.run(
        "openssl",
        "s_client",
        "-brief",
        "-connect",
        connect,
        "-cert",
        pretender + "/client-cert.pem",
        "-key",
        pretender + "/client-key.pem");
    awaitLog("CN=the client, which is not signed by an authority that is trusted here");
    Path expired = certificates().expired();
    Ran.run(
        "openssl",
        "s_client",
        "-brief",
        "-connect",
        connect,
        "-cert",
        expired + "/client-cert.pem",
        "-key",
        expired + "/client-key.pem");
    awaitLog("CN=the client, which has expired");
    Ran.run("openssl", "s_client", "-brief", "-tls1_1", "-connect", connect);
    dog(good, "vdi", "list").ok();
  }

  @Test
  void dogTakesItsCertificatesFromAnOptionAndLooksAtTheSheeps() {
    String good = certificates().good().toString();
    sheep.dog("vdi", "list", "--tls-dir", good).ok();
    assertFalse(sheep.dog("vdi", "list").status() == 0);
    awaitLog("came without TLS, which is required here");
    Ran missing = sheep.dog("vdi", "list", "--tls-dir", temp.resolve("none").toString()).exits(2);
    assertTrue(missing.err().contains("No such file"), missing::toString);
    Ran wary = dog(certificates().stranger(), "vdi", "list").exits(2);
    assertTrue(wary.err().contains("not signed by an authority"), wary::toString);
    byte[] bytes = new byte[9 << 20];
    new Random(2).nextBytes(bytes);
    Ran.run(
            bytes,
            Map.of("KELPIE_TLS_DIR", good),
            List.of(SheepProcess.program("dog"), "vdi", "write", "disk", "-p", "" + sheep.port()))
        .ok();
    Ran read = dog(certificates().good(), "vdi", "read", "disk", "0", "" + bytes.length).ok();
    assertTrue(Arrays.equals(bytes, read.bytes()));
  }

  @Test
  void newCertificatesAreTakenUpAndBadOnesAreNot() throws IOException {
    Path inUse = certificates().good();
    Path other = certificates().stranger();
    Path kept = certificates().copy("kept");
    Files.writeString(inUse.resolve("server-cert.pem"), "nonsense");
    hangUp();
    awaitLog("the certificates that were read before stay in force");
    Ran.run("nbdinfo", uri(kept)).ok();
    for (String file : List.of("ca-cert.pem", "server-cert.pem", "server-key.pem")) {
      Files.copy(other.resolve(file), inUse.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    hangUp();
    awaitLog("the certificates were read again");
    Ran.run("nbdinfo", uri(other)).ok();
    assertFalse(Ran.run("nbdinfo", uri(kept)).status() == 0);
  }

  private void hangUp() {
    Ran.run("kill", "-HUP", "" + sheep.handle().pid()).ok();
  }

  @Test
  void badCertificatesStopTheStartBeforeAnythingIsMade() throws IOException {
    Path broken = certificates().copy("broken");
    Files.delete(broken.resolve("server-key.pem"));
    Map<Path, String> faults =
        Map.of(
            broken,
            "server-key.pem: No such file",
            certificates().expired(),
            "server-cert.pem: peers will refuse the certificate",
            temp.resolve("nowhere"),
            "ca-cert.pem: No such file");
    for (Map.Entry<Path, String> fault : faults.entrySet()) {
      Path base = temp.resolve("new");
      Ran refused =
          Ran.run(
              SheepProcess.program("sheep"),
              "-f",
              "-p",
              "" + SheepProcess.freePort(),
              "--nbd",
              "none",
              "--tls-dir",
              fault.getKey().toString(),
              base.toString());
      assertEquals(1, refused.status(), refused::toString);
      assertTrue(refused.err().contains(fault.getValue()), refused::toString);
      assertFalse(Files.exists(base));
    }
  }

  @Test
  void whoIsNotOnTheListIsCutOff() {
    sheep.stop();
    sheep.with("--allow", "10.0.0.0/8", "--allow-nbd", "127.0.0.0/8").start();
    assertFalse(dog(certificates().good(), "vdi", "list").status() == 0);
    awaitLog("is not on the list of clients that may connect");
    Ran.run("nbdinfo", uri(certificates().good())).ok();
  }
}
