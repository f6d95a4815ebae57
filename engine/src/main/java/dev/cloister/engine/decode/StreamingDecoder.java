package dev.cloister.engine.decode;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.CustomSection;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.ValidatedBodies;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.util.ByteReader;
import dev.cloister.engine.util.Checkpoint;
import dev.cloister.engine.util.LittleEndian;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/// Decodes and validates a module while its bytes arrive, in chunks of any size.
///
/// A section is decoded when it is complete; of the code section, each body is validated when it is
/// complete. A fault is thrown by the call that brings the byte which makes it certain, and by
/// every later one. It does not depend on how the bytes are cut: it is the first in the order of
/// the module, with the same text and offset.
///
/// A decoder can be held back when it has come to the code section, see [#onPrefix]: it then only
/// collects bytes, until it is told to go on. Confined to one thread at a time.
public final class StreamingDecoder {

  /*
   * The machine never looks at a byte before the unit it belongs to is complete, and a unit is
   * what `step` consumes: the magic, the version, a section id, a size, a payload, a body.
   * Whether a unit is complete depends on the bytes before it alone, so the sequence of steps,
   * and with it the first fault, is the same for all ways to cut the module. Bytes that end
   * within a unit are a fault only in `finish`.
   */

  private static final int MAGIC = 0x6D736100;
  private static final int VERSION = 1;
  private static final int MAX_U32_BYTES = 5;
  private static final long INCOMPLETE = -1;
  private static final int INITIAL_CAPACITY = 1 << 13;
  static final Executor NO_HELPERS = _ -> {};

  /// What comes next.
  private enum Unit {
    MAGIC,
    VERSION,
    SECTION_ID,
    SECTION_SIZE,
    PAYLOAD,
    BODY_COUNT,
    BODY_SIZE,
    BODY
  }

  private final WasmFeatures features;
  private final WasmLimits limits;
  private final WasmModuleBuilder module;
  private final SectionReader section;
  private final TypeSection typeSection;
  private final ImportSection importSection;
  private final DefinitionSections definitions;
  private final SegmentSections segments;
  private final BodyValidation bodies;
  private final ByteReader sizes = new ByteReader(new byte[0], 0, 0);
  private final PrefixHash prefixHash = new PrefixHash();
  private final DecodeMonitor monitor;
  private LongPredicate prefixGate = _ -> true;

  private byte[] bytes;
  private int available;
  private int position;

  private Unit unit = Unit.MAGIC;
  private SectionId sectionId = SectionId.CUSTOM;
  private SectionId lastSection = SectionId.CUSTOM;
  private int sectionStart;
  private int sizeStart;
  private int sectionEnd;
  private int bodyEnd;
  private int nameStart;
  private int nameEnd;
  private boolean isPrefixComplete;
  private boolean isHeld;
  private @Nullable WasmException fault;
  private boolean isFinished;

  /// Creates a decoder for a module that may use `features` and must keep `limits`.
  public StreamingDecoder(WasmFeatures features, WasmLimits limits) {
    this(features, limits, NO_HELPERS);
  }

  /// Creates a decoder for a module that may use `features` and must keep `limits`.
  ///
  /// @param helpers runs tasks on other threads when it can, or not at all
  public StreamingDecoder(WasmFeatures features, WasmLimits limits, Executor helpers) {
    this(features, limits, helpers, DecodeMonitor.NONE);
  }

  /// Creates a decoder for a module that may use `features` and must keep `limits`.
  ///
  /// @param helpers runs tasks on other threads when it can, or not at all
  /// @param monitor can end the work and is told how far it is
  public StreamingDecoder(
      WasmFeatures features, WasmLimits limits, Executor helpers, DecodeMonitor monitor) {
    this(features, limits, helpers, monitor, new byte[0], 0);
  }

  private StreamingDecoder(
      WasmFeatures features,
      WasmLimits limits,
      Executor helpers,
      DecodeMonitor monitor,
      byte[] bytes,
      int size) {
    this.features = features;
    this.limits = limits;
    this.bytes = bytes;
    this.available = size;
    this.monitor = monitor;
    module = new WasmModuleBuilder(features);
    section = new SectionReader(module, features, limits);
    EntityTypes types = new EntityTypes(section);
    typeSection = new TypeSection(section);
    importSection = new ImportSection(section, types);
    definitions = new DefinitionSections(section, types);
    segments = new SegmentSections(section);
    bodies = new BodyValidation(module, features, limits, helpers, monitor);
  }

  /// Decodes a whole module without copying it; nobody may change `bytes` from now on.
  ///
  /// @param validated what the validation of the very same bytes has found before, with limits that
  ///   were not wider; null to validate them
  static WasmModule decode(
      byte[] bytes,
      WasmFeatures features,
      WasmLimits limits,
      Executor helpers,
      DecodeMonitor monitor,
      @Nullable ValidatedBodies validated) {
    int size = (int) Math.min(bytes.length, limits.allowed(WasmLimit.MODULE_SIZE));
    StreamingDecoder decoder =
        new StreamingDecoder(features, limits, helpers, monitor, bytes, size);
    if (validated != null) {
      decoder.bodies.trust(validated);
    }
    decoder.advance();
    decoder.checkModuleSize(bytes.length);
    return decoder.finish();
  }

  /// Takes the next `length` bytes of the module from `chunk`, which the caller keeps, and decodes
  /// what they complete.
  ///
  /// @throws WasmException if a fault is certain
  public void push(byte[] chunk, int from, int length) {
    Objects.checkFromIndexSize(from, length, chunk.length);
    checkUsable();
    long allowed = limits.allowed(WasmLimit.MODULE_SIZE);
    int accepted = (int) Math.min(length, allowed - available);
    append(chunk, from, accepted);
    if (accepted < length) {
      // It is too large, but what comes before may have a fault.
      isHeld = false;
    }
    try {
      advance();
      checkModuleSize((long) available + length - accepted);
    } catch (WasmException e) {
      fault = e;
      throw e;
    }
  }

  /// Sets who is asked, when all sections before the code section are decoded, whether to go on; if
  /// not, the decoder is held. Before the first byte is pushed.
  ///
  /// @param mayGoOn is given the [#prefixHash], on the thread that pushes
  public void onPrefix(LongPredicate mayGoOn) {
    prefixGate = mayGoOn;
  }

  /// {@return whether the decoder only collects bytes}
  public boolean isHeld() {
    return isHeld;
  }

  /// Goes on if the decoder is held, with what was collected.
  ///
  /// @throws WasmException if a fault is certain
  public void resume() {
    isHeld = false;
    push(new byte[0], 0, 0);
  }

  /// {@return the digest of the first `size` bytes, which have come} Also after a fault, but not
  /// after the end.
  public ModuleHash hash(int size) {
    Objects.checkFromIndexSize(0, size, available);
    return ModuleHash.of(bytes, size);
  }

  /// Ends the module. If the decoder is held it goes on before.
  ///
  /// @throws WasmException if the module is not complete or has a fault
  public WasmModule finish() {
    checkUsable();
    if (isHeld) {
      resume();
    }
    try {
      checkComplete();
    } catch (WasmException e) {
      fault = e;
      throw e;
    }
    isFinished = true;
    isPrefixComplete = true;
    byte[] content = available == bytes.length ? bytes : Arrays.copyOf(bytes, available);
    if (nameEnd > nameStart) {
      module.setNames(
          NameSectionDecoder.decode(content, nameStart, nameEnd, module.functionCount()));
    }
    WasmModule finished = module.build(WireBytes.adopt(content));
    release();
    return finished;
  }

  /// Ends the module without a result and lets go of its bytes, which a fault alone does not.
  /// Nothing happens if it has ended.
  public void abort() {
    isFinished = true;
    release();
  }

  /// Returns the number of bytes taken so far.
  public int size() {
    return available;
  }

  /// Returns whether all sections before the code section are decoded.
  public boolean isPrefixComplete() {
    return isPrefixComplete;
  }

  /// Returns the hash of all that comes before the bodies; only if [#isPrefixComplete].
  public long prefixHash() {
    if (!isPrefixComplete) {
      throw new IllegalStateException("the code section has not come yet");
    }
    return prefixHash.value();
  }

  /// Returns the number of function bodies that are validated.
  public int validatedBodyCount() {
    return module.bodyCount();
  }

  private void checkUsable() {
    if (fault != null) {
      throw fault;
    }
    if (isFinished) {
      throw new IllegalStateException("the module has ended");
    }
  }

  private void release() {
    bytes = new byte[0];
  }

  private void append(byte[] chunk, int from, int length) {
    if (length > bytes.length - available) {
      long capacity = Math.max(available + (long) length, bytes.length * 2L);
      capacity = Math.max(capacity, INITIAL_CAPACITY);
      bytes = Arrays.copyOf(bytes, (int) Math.min(capacity, limits.allowed(WasmLimit.MODULE_SIZE)));
    }
    System.arraycopy(chunk, from, bytes, available, length);
    available += length;
  }

  /// Requires that the module may have `size` bytes. How far it is too large is not told, since
  /// that depends on the chunk.
  private void checkModuleSize(long size) {
    long allowed = limits.allowed(WasmLimit.MODULE_SIZE);
    limits.check(WasmLimit.MODULE_SIZE, Math.min(size, allowed + 1), allowed);
  }

  /// Consumes all units that are complete.
  private void advance() {
    Checkpoint checkpoint = monitor.checkpoint();
    section.use(checkpoint);
    bodies.resume();
    try {
      while (!isHeld && step()) {
        if (unit == Unit.PAYLOAD) {
          checkpoint.pass();
        }
      }
    } catch (WasmException e) {
      // Bodies before it go first.
      bodies.complete(bytes);
      throw e;
    }
    bodies.complete(bytes);
  }

  private boolean step() {
    return switch (unit) {
      case MAGIC -> readMagic();
      case VERSION -> readVersion();
      case SECTION_ID -> readSectionId();
      case SECTION_SIZE -> readSectionSize();
      case PAYLOAD -> readPayload();
      case BODY_COUNT -> readBodyCount();
      case BODY_SIZE -> readBodySize();
      case BODY -> readBody();
    };
  }

  private boolean readMagic() {
    if (available < 4) {
      return false;
    }
    if (LittleEndian.readInt(bytes, 0) != MAGIC) {
      throw new MalformedException("magic header not detected", 0);
    }
    position = 4;
    unit = Unit.VERSION;
    return true;
  }

  private boolean readVersion() {
    if (available < 8) {
      return false;
    }
    int version = LittleEndian.readInt(bytes, 4);
    if (version != VERSION) {
      throw new MalformedException(
          "unknown binary version " + Integer.toUnsignedString(version) + ", known is 1", 4);
    }
    position = 8;
    prefixHash.update(bytes, 0, position);
    unit = Unit.SECTION_ID;
    return true;
  }

  private boolean readSectionId() {
    if (position == available) {
      return false;
    }
    sectionStart = position;
    int code = bytes[position] & 0xFF;
    SectionId id = SectionId.ofCode(code);
    if (id == null) {
      throw new MalformedException("malformed section id " + code, position);
    }
    if (!features.has(id.feature())) {
      throw SectionReader.switchedOff("malformed section id " + code, id.feature(), position);
    }
    if (id != SectionId.CUSTOM) {
      checkOrder(id);
      lastSection = id;
    }
    sectionId = id;
    position++;
    unit = Unit.SECTION_SIZE;
    return true;
  }

  private void checkOrder(SectionId id) {
    if (id.compareTo(lastSection) <= 0) {
      throw new MalformedException(
          "unexpected content after last section: "
              + id
              + " section after "
              + lastSection
              + " section",
          position);
    }
    if (id.compareTo(SectionId.CODE) > 0 && lastSection.compareTo(SectionId.CODE) < 0) {
      checkBodyCount(0, position);
    }
  }

  private boolean readSectionSize() {
    if (!isU32Complete(available)) {
      return false;
    }
    sizeStart = position;
    sizes.reset(bytes, position, available);
    long size = Integer.toUnsignedLong(sizes.readU32());
    position = sizes.position();
    checkModuleSize(position + size);
    sectionEnd = position + (int) size;
    if (sectionId == SectionId.CODE) {
      prefixHash.updateInt((int) size);
      isPrefixComplete = true;
      monitor.functionsDeclared(module.ownFunctionCount());
      bodies.begin(position, sectionEnd);
      unit = Unit.BODY_COUNT;
      isHeld = !prefixGate.test(prefixHash.value());
    } else {
      unit = Unit.PAYLOAD;
    }
    return true;
  }

  /// Returns whether the number at the cursor has ended before `limit`, or is too long for one.
  private boolean isU32Complete(int limit) {
    int end = Math.min(limit, available);
    for (int i = position; i < end; i++) {
      if (bytes[i] >= 0 || i - position == MAX_U32_BYTES - 1) {
        return true;
      }
    }
    return false;
  }

  private boolean readPayload() {
    if (sectionEnd > available) {
      return false;
    }
    section.reset(bytes, position, sectionEnd);
    switch (sectionId) {
      case CUSTOM -> readCustomSection();
      case TYPE -> typeSection.read();
      case IMPORT -> importSection.read();
      case FUNCTION -> definitions.readFunctions();
      case TABLE -> definitions.readTables();
      case MEMORY -> definitions.readMemories();
      case TAG -> definitions.readTags();
      case GLOBAL -> definitions.readGlobals();
      case EXPORT -> definitions.readExports();
      case START -> definitions.readStart();
      case ELEMENT -> segments.readElements();
      case DATA_COUNT -> segments.readDataCount();
      case DATA -> segments.readData();
      case CODE -> throw new IllegalStateException("the code section is read by bodies");
    }
    endSection(section.position());
    return true;
  }

  private void readCustomSection() {
    String name = section.readName();
    int from = section.position();
    limits.check(WasmLimit.CUSTOM_SECTIONS, module.customSectionCount() + 1L, sectionStart);
    module.addCustomSection(new CustomSection(name, from, sectionEnd - from));
    if (name.equals("name") && nameEnd == 0) {
      nameStart = from;
      nameEnd = sectionEnd;
    }
    section.reader.skip(sectionEnd - from);
  }

  private void endSection(int end) {
    if (end != sectionEnd) {
      throw new MalformedException(
          "section size mismatch: "
              + sectionId
              + " section has "
              + (sectionEnd - end)
              + " bytes after its content",
          end);
    }
    if (!isPrefixComplete) {
      prefixHash.update(bytes, sectionStart, sectionEnd);
    }
    position = sectionEnd;
    unit = Unit.SECTION_ID;
  }

  private boolean readBodyCount() {
    int start = position;
    long count = readU32InCode();
    if (count == INCOMPLETE) {
      return false;
    }
    checkBodyCount(count, start);
    nextBody();
    return true;
  }

  /// Reads a number of the code section, or returns [#INCOMPLETE] if it has not ended.
  private long readU32InCode() {
    if (!isU32Complete(sectionEnd) && available < sectionEnd) {
      return INCOMPLETE;
    }
    sizes.reset(bytes, position, Math.min(available, sectionEnd));
    int value = sizes.readU32();
    position = sizes.position();
    return Integer.toUnsignedLong(value);
  }

  private void checkBodyCount(long count, int offset) {
    if (count != module.ownFunctionCount()) {
      throw new MalformedException(
          "function and code section have inconsistent lengths: "
              + module.ownFunctionCount()
              + " and "
              + count,
          offset);
    }
  }

  private void nextBody() {
    if (bodies.count() == module.ownFunctionCount()) {
      bodies.complete(bytes);
      endSection(position);
    } else {
      unit = Unit.BODY_SIZE;
    }
  }

  private boolean readBodySize() {
    int start = position;
    long size = readU32InCode();
    if (size == INCOMPLETE) {
      return false;
    }
    limits.check(WasmLimit.FUNCTION_SIZE, size, start);
    if (size > sectionEnd - position) {
      throw new MalformedException(
          "unexpected end of section or function: body of "
              + size
              + " bytes, the section has "
              + (sectionEnd - position)
              + " left",
          start);
    }
    bodyEnd = position + (int) size;
    unit = Unit.BODY;
    return true;
  }

  private boolean readBody() {
    if (bodyEnd > available) {
      return false;
    }
    bodies.add(bytes, position, bodyEnd);
    position = bodyEnd;
    nextBody();
    return true;
  }

  private void checkComplete() {
    switch (unit) {
      case SECTION_ID -> {
        if (lastSection.compareTo(SectionId.CODE) < 0) {
          checkBodyCount(0, available);
        }
        if (module.dataCount() > 0 && lastSection != SectionId.DATA) {
          throw SegmentSections.inconsistentDataCount(module.dataCount(), 0, available);
        }
      }
      case MAGIC, VERSION, SECTION_SIZE ->
          throw new MalformedException("unexpected end", available);
      case PAYLOAD, BODY_COUNT, BODY_SIZE, BODY ->
          throw new MalformedException(
              "length out of bounds: "
                  + sectionId
                  + " section extends "
                  + (sectionEnd - available)
                  + " bytes past the end",
              sizeStart);
    }
  }
}
