package dev.cloister.engine.snapshot;

import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.runtime.InstanceState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Makes images of instances, and instances of images. Any thread, but for each instance the one
/// that runs its store.
///
/// An image has all that is mutable in an instance: memories, globals, tables, which segments were
/// dropped, and the objects that these refer to, with their identities. Whoever keeps it can add
/// state of its own. It begins with what it is an image of, is authenticated as a whole by an HMAC
/// (SHA-256) under the key, and is read within bounds: sizes are charged to the store before
/// anything is allocated.
///
/// ```
/// "CLSN" version(1) digest of the module(32) length(4) attachment deflated(state) HMAC(32)
/// ```
public final class Snapshots {
  private static final int MAGIC = 0x434C534E; // CLSN
  private static final int VERSION = 1;
  private static final int DIGEST_BYTES = 32;
  private static final int HEADER_BYTES = 4 + 1 + DIGEST_BYTES + 4;
  private static final int MAC_BYTES = 32;
  private static final String MAC_NAME = "HmacSHA256";
  private static final int BUFFER_BYTES = 16 << 10;

  private final SecretKeySpec key;

  /// Makes one whose images are believed by those with the same key.
  ///
  /// @param key at least 32 bytes
  public Snapshots(byte[] key) {
    if (key.length < MAC_BYTES) {
      throw new IllegalArgumentException(
          "the key has " + key.length + " bytes, at least 32 needed");
    }
    this.key = new SecretKeySpec(key, MAC_NAME);
  }

  /// {@return the image of an instance that nothing runs in}
  ///
  /// The instance stays as it is.
  ///
  /// @param module the digest of its module
  /// @param attachment state of whoever keeps the instance
  /// @param maxBytes the most that the image may have
  /// @throws SnapshotException if the instance refers to anything that is not its own
  public byte[] capture(ModuleHash module, Instance instance, byte[] attachment, long maxBytes) {
    InstanceState state = new InstanceState(instance);
    BoundedBytes bytes = new BoundedBytes(maxBytes - MAC_BYTES);
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try (DataOutputStream header = new DataOutputStream(bytes)) {
      writeHeader(header, module, attachment);
      DataOutputStream out =
          new DataOutputStream(new DeflaterOutputStream(bytes, deflater, BUFFER_BYTES));
      new StateWriter(state, out).write();
      out.close();
      return sealed(bytes.toByteArray());
    } catch (BoundedBytes.FullException e) {
      throw new SnapshotException("the image would have more than " + maxBytes + " bytes", e);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot be written to", e);
    } finally {
      deflater.end();
    }
  }

  /// Opens an image for instances of a module to begin with; any number of them.
  ///
  /// What fails later, when it is read, fails with a SnapshotException as well.
  ///
  /// @throws SnapshotException if the image was made with another key, or is of another module or
  ///   version of the format
  public InstanceImage open(ModuleHash module, byte[] image) {
    int from = HEADER_BYTES + checkHeader(module, image);
    int length = image.length - MAC_BYTES - from;
    return state -> read(state, image, from, length);
  }

  private static @Nullable Object[] read(InstanceState state, byte[] image, int from, int length) {
    return StateReader.readAll(
        state, new InflaterInputStream(new ByteArrayInputStream(image, from, length)));
  }

  /// {@return what was attached to an image}
  ///
  /// @throws SnapshotException as in [#open]
  public byte[] attachment(ModuleHash module, byte[] image) {
    int length = checkHeader(module, image);
    return Arrays.copyOfRange(image, HEADER_BYTES, HEADER_BYTES + length);
  }

  /// {@return an image of state that was written before} For tests: nobody else can make one that
  /// is believed and wrong.
  byte[] seal(ModuleHash module, byte[] attachment, byte[] state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      writeHeader(out, module, attachment);
      DeflaterOutputStream deflated = new DeflaterOutputStream(out);
      deflated.write(state);
      deflated.finish();
      return sealed(bytes.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeHeader(DataOutputStream out, ModuleHash module, byte[] attachment)
      throws IOException {
    out.writeInt(MAGIC);
    out.writeByte(VERSION);
    out.write(HexFormat.of().parseHex(module.hex()));
    out.writeInt(attachment.length);
    out.write(attachment);
    out.flush();
  }

  /// {@return the length of the attachment}
  private int checkHeader(ModuleHash module, byte[] image) {
    if (image.length < HEADER_BYTES + MAC_BYTES) {
      throw new SnapshotException("the image is cut off");
    }
    ByteBuffer header = ByteBuffer.wrap(image);
    if (header.getInt() != MAGIC) {
      throw new SnapshotException("this is no image of an instance");
    }
    int version = header.get();
    if (version != VERSION) {
      throw new SnapshotException("the image has version " + version + ", known is " + VERSION);
    }
    int content = image.length - MAC_BYTES;
    byte[] expected = mac(image, content);
    if (!MessageDigest.isEqual(expected, Arrays.copyOfRange(image, content, image.length))) {
      throw new SnapshotException("the image is not authentic");
    }
    byte[] digest = new byte[DIGEST_BYTES];
    header.get(digest);
    String hex = HexFormat.of().formatHex(digest);
    if (!hex.equals(module.hex())) {
      throw new SnapshotException("the image is of module " + hex + ", not of " + module.hex());
    }
    int length = header.getInt();
    if (length < 0 || length > content - HEADER_BYTES) {
      throw new SnapshotException("the image is faulty: an attachment of " + length + " bytes");
    }
    return length;
  }

  private byte[] sealed(byte[] content) {
    byte[] image = Arrays.copyOf(content, content.length + MAC_BYTES);
    byte[] mac = mac(image, content.length);
    System.arraycopy(mac, 0, image, content.length, MAC_BYTES);
    return image;
  }

  private byte[] mac(byte[] bytes, int length) {
    try {
      Mac mac = Mac.getInstance(MAC_NAME);
      mac.init(key);
      mac.update(bytes, 0, length);
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + MAC_NAME, e);
    }
  }
}
