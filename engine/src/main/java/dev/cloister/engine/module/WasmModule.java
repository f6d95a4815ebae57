package dev.cloister.engine.module;

import dev.cloister.engine.bytecode.Disassembler;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.ByteReader;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A valid module (Spec 2.5), deeply immutable and shared by all isolates that use it.
///
/// Code, constant expressions, data and names stay in [#wireBytes] and are read there; what is kept
/// besides takes less room than the bytes themselves.
public final class WasmModule implements IndexSpaces {

  private static final int NONE = -1;

  // What small objects take on a JVM with compressed references, for metadataBytes.
  private static final int REFERENCE_BYTES = 4;
  private static final int OBJECT_BYTES = 24;
  private static final int STRING_BYTES = 48;
  private static final int ENTRY_BYTES = 40;

  /// What is there for a module with nothing in it.
  private static final int MODULE_BYTES = 2_000;

  /// A type in its group, its lists, and what the compiler notes about it: what [#metadataBytes]
  /// has of each. Equal types of several modules are one.
  public static final int TYPE_BYTES = 270;

  private final WireBytes wireBytes;
  private final WasmFeatures features;
  private final DefinedType[] types;
  private final List<Import> imports;
  private final List<Export> exports;
  private final DefinedType[] functionTypes;
  private final int[] bodies;
  private final byte[] facts;
  private final int allFacts;
  private final TableType[] tableTypes;
  private final int[] tableInits;
  private final MemoryType[] memoryTypes;
  private final GlobalType[] globalTypes;
  private final int[] globalInits;
  private final TagType[] tagTypes;
  private final List<ElementSegment> elements;
  private final List<DataSegment> data;
  private final List<CustomSection> customSections;
  private final NameSection names;
  private final BitSet declaredFunctions;
  private final BitSet tailCallers;
  private final BitSet tailCallees;
  private final BitSet memoryGrowers;
  private final int importedFunctionCount;
  private final int importedTableCount;
  private final int importedMemoryCount;
  private final int importedGlobalCount;
  private final int importedTagCount;
  private final int startFunction;
  private final int dataCount;

  WasmModule(WasmModuleBuilder builder, WireBytes wireBytes) {
    this.wireBytes = wireBytes;
    features = builder.features;
    types = builder.types.toArray(new DefinedType[0]);
    imports = List.copyOf(builder.imports);
    exports = List.copyOf(builder.exports);
    functionTypes = builder.functionTypes.toArray(new DefinedType[0]);
    bodies = builder.bodies.toArray();
    facts = builder.facts.toByteArray();
    allFacts = builder.allFacts;
    tableTypes = builder.tableTypes.toArray(new TableType[0]);
    tableInits = builder.tableInits.toArray();
    memoryTypes = builder.memoryTypes.toArray(new MemoryType[0]);
    globalTypes = builder.globalTypes.toArray(new GlobalType[0]);
    globalInits = builder.globalInits.toArray();
    tagTypes = builder.tagTypes.toArray(new TagType[0]);
    elements = List.copyOf(builder.elements);
    data = List.copyOf(builder.data);
    customSections = List.copyOf(builder.customSections);
    names = builder.names;
    declaredFunctions = (BitSet) builder.declaredFunctions.clone();
    tailCallers = (BitSet) builder.tailCallers.clone();
    tailCallees = (BitSet) builder.tailCallees.clone();
    memoryGrowers = builder.memoryGrowers();
    importedFunctionCount = builder.importedFunctionCount;
    importedTableCount = builder.importedTableCount;
    importedMemoryCount = builder.importedMemoryCount;
    importedGlobalCount = builder.importedGlobalCount;
    importedTagCount = builder.importedTagCount;
    startFunction = builder.startFunction;
    dataCount = builder.dataCount;
  }

  /// Returns what validation has found out about the bodies.
  public ValidatedBodies validatedBodies() {
    return new ValidatedBodies(facts, tailCallers, tailCallees, memoryGrowers);
  }

  /// Returns the bytes that the module was decoded from.
  public WireBytes wireBytes() {
    return wireBytes;
  }

  /// Returns the features that the module was allowed to use.
  public WasmFeatures features() {
    return features;
  }

  /// Returns the name that the name section gives the module, or null.
  public @Nullable String name() {
    return names.moduleName();
  }

  /// Returns a new cursor over the instructions in `[from, to)` of the wire bytes, such as a
  /// constant expression, or a function body with its local declarations.
  public InstructionReader instructions(int from, int to) {
    return wireBytes.instructions(from, to, this, features, WasmLimits.defaults());
  }

  /// Returns a new cursor at the local declarations of own function `index`.
  public InstructionReader bodyInstructions(int index) {
    return instructions(bodyOffset(index), bodyEnd(index));
  }

  /// Returns the instructions of own function `index`, for people.
  public List<InstructionText> disassemble(int index) {
    InstructionReader reader = bodyInstructions(index);
    for (int groups = reader.readLocalGroups(); groups > 0; groups--) {
      reader.readLocalCount();
      reader.readLocalType();
    }
    List<InstructionText> texts = new ArrayList<>();
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      texts.add(new InstructionText(reader.offset(), Disassembler.text(opcode, reader)));
    }
    return texts;
  }

  @Override
  public int typeCount() {
    return types.length;
  }

  @Override
  public DefinedType type(int index) {
    return types[index];
  }

  /// Returns the imports in their order.
  public List<Import> imports() {
    return imports;
  }

  /// Returns the exports in their order.
  public List<Export> exports() {
    return exports;
  }

  @Override
  public int functionCount() {
    return functionTypes.length;
  }

  /// Returns the number of imported functions, which are the first of the index space.
  public int importedFunctionCount() {
    return importedFunctionCount;
  }

  @Override
  public DefinedType functionType(int index) {
    return functionTypes[index];
  }

  /// Returns where in the wire bytes the code entry of own function `index` starts, after its size:
  /// at its local declarations.
  public int bodyOffset(int index) {
    return bodies[2 * ownIndex(index, importedFunctionCount)];
  }

  /// Returns where the code entry of own function `index` has ended.
  public int bodyEnd(int index) {
    return bodies[2 * ownIndex(index, importedFunctionCount) + 1];
  }

  /// {@return the type that a local of an own function was declared with, parameters first} Read
  /// from the body: for debuggers.
  ///
  /// @throws IndexOutOfBoundsException if there is no such local
  public ValueType localType(int index, int local) {
    List<ValueType> params = signature(index).params();
    if (local >= 0 && local < params.size()) {
      return params.get(local);
    }
    InstructionReader reader = bodyInstructions(index);
    long first = params.size();
    for (int groups = reader.readLocalGroups(); groups > 0; groups--) {
      first += Integer.toUnsignedLong(reader.readLocalCount());
      ValueType type = reader.readLocalType();
      if (local >= params.size() && local < first) {
        return type;
      }
    }
    throw new IndexOutOfBoundsException("function " + index + " has no local " + local);
  }

  /// Returns whether all of some [FunctionFacts] hold for own function `index`.
  public boolean has(int index, int functionFacts) {
    return (facts[ownIndex(index, importedFunctionCount)] & functionFacts) == functionFacts;
  }

  /// Returns whether there is an own function that grows a memory.
  public boolean growsMemory() {
    return (allFacts & FunctionFacts.GROWS_MEMORY) != 0;
  }

  @Override
  public int tableCount() {
    return tableTypes.length;
  }

  /// Returns the number of imported tables.
  public int importedTableCount() {
    return importedTableCount;
  }

  @Override
  public TableType tableType(int index) {
    return tableTypes[index];
  }

  /// Returns the initial value of the elements of own table `index`, or null if it is null.
  public @Nullable ConstExpr tableInit(int index) {
    int own = ownIndex(index, importedTableCount);
    return tableInits[2 * own] == NONE
        ? null
        : new ConstExpr(tableInits[2 * own], tableInits[2 * own + 1]);
  }

  @Override
  public int memoryCount() {
    return memoryTypes.length;
  }

  /// Returns the number of imported memories.
  public int importedMemoryCount() {
    return importedMemoryCount;
  }

  @Override
  public MemoryType memoryType(int index) {
    return memoryTypes[index];
  }

  @Override
  public int globalCount() {
    return globalTypes.length;
  }

  @Override
  public int importedGlobalCount() {
    return importedGlobalCount;
  }

  @Override
  public GlobalType globalType(int index) {
    return globalTypes[index];
  }

  /// Returns the initial value of own global `index`.
  public ConstExpr globalInit(int index) {
    int own = ownIndex(index, importedGlobalCount);
    return new ConstExpr(globalInits[2 * own], globalInits[2 * own + 1]);
  }

  @Override
  public int tagCount() {
    return tagTypes.length;
  }

  /// Returns the number of imported tags.
  public int importedTagCount() {
    return importedTagCount;
  }

  @Override
  public TagType tagType(int index) {
    return tagTypes[index];
  }

  /// Returns the element segments.
  public List<ElementSegment> elements() {
    return elements;
  }

  @Override
  public int elementSegmentCount() {
    return elements.size();
  }

  @Override
  public RefType elementSegmentType(int index) {
    return elements.get(index).type();
  }

  /// Returns the data segments.
  public List<DataSegment> data() {
    return data;
  }

  @Override
  public int dataCount() {
    return dataCount;
  }

  /// Returns the index of the function that instantiation calls, or -1.
  public int startFunction() {
    return startFunction;
  }

  /// Returns the custom sections in their order.
  public List<CustomSection> customSections() {
    return customSections;
  }

  /// Returns the name that the name section gives function `index`, or null.
  public @Nullable String functionName(int index) {
    Objects.checkIndex(index, functionTypes.length);
    int[] offsets = names.functionNames();
    if (index >= offsets.length || offsets[index] == 0) {
      return null;
    }
    ByteReader reader = wireBytes.reader(offsets[index]);
    int length = reader.readU32();
    return wireBytes.text(reader.position(), length);
  }

  @Override
  public boolean isDeclaredFunction(int index) {
    return declaredFunctions.get(index);
  }

  /// Returns whether own function `index` makes tail calls.
  public boolean makesTailCalls(int index) {
    return tailCallers.get(index);
  }

  /// Returns whether function `index` is called directly by a tail call of this module.
  public boolean isTailCalled(int index) {
    return tailCallees.get(index);
  }

  /// Returns whether a memory may grow during a call of function `index`: whether it executes
  /// `memory.grow` or calls what is not known, or some function does that it calls.
  public boolean mayGrowMemory(int index) {
    return index < importedFunctionCount || memoryGrowers.get(index);
  }

  /// Estimates the memory that the module takes besides its wire bytes and its code: this object,
  /// its types, though others may share them, and the compiler's plan for it.
  public long metadataBytes() {
    long bytes = MODULE_BYTES;
    bytes += (long) TYPE_BYTES * types.length;
    bytes += (long) REFERENCE_BYTES * (types.length + functionTypes.length);
    bytes += facts.length;
    bytes += (long) Integer.BYTES * (bodies.length + tableInits.length + globalInits.length);
    bytes += (long) Integer.BYTES * names.functionNames().length;
    bytes += declaredFunctions.size() / Byte.SIZE;
    bytes += (tailCallers.size() + tailCallees.size() + memoryGrowers.size()) / Byte.SIZE;
    bytes += (long) OBJECT_BYTES * (tableTypes.length + memoryTypes.length + tagTypes.length);
    bytes += (long) REFERENCE_BYTES * globalTypes.length;
    for (Import item : imports) {
      bytes += 2 * OBJECT_BYTES + STRING_BYTES + item.name().length();
    }
    for (Export export : exports) {
      bytes += OBJECT_BYTES + STRING_BYTES + ENTRY_BYTES + export.name().length();
    }
    for (ElementSegment segment : elements) {
      bytes += 3 * OBJECT_BYTES + (long) Integer.BYTES * segment.size();
    }
    bytes += 2L * OBJECT_BYTES * data.size();
    for (CustomSection section : customSections) {
      bytes += OBJECT_BYTES + STRING_BYTES + section.name().length();
    }
    return bytes;
  }

  private static int ownIndex(int index, int importedCount) {
    if (index < importedCount) {
      throw new IllegalArgumentException("index " + index + " is an import");
    }
    return index - importedCount;
  }
}
