package dev.cloister.engine.module;

import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.util.IntVector;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A module whose sections are being decoded, and the context of validation meanwhile. Only the
/// decoder fills it, in the order of the sections. Confined to one thread, but while bodies are
/// validated: then others read it, too, and note tail calls.
public final class WasmModuleBuilder implements IndexSpaces {

  final WasmFeatures features;
  final List<DefinedType> types = new ArrayList<>();
  final List<Import> imports = new ArrayList<>();
  final List<Export> exports = new ArrayList<>();
  final List<DefinedType> functionTypes = new ArrayList<>();
  final List<TableType> tableTypes = new ArrayList<>();
  final List<MemoryType> memoryTypes = new ArrayList<>();
  final List<GlobalType> globalTypes = new ArrayList<>();
  final List<TagType> tagTypes = new ArrayList<>();
  final List<ElementSegment> elements = new ArrayList<>();
  final List<DataSegment> data = new ArrayList<>();
  final List<CustomSection> customSections = new ArrayList<>();

  /// Two ints, offset and end, for each own function, table and global.
  final IntVector bodies = new IntVector();

  /// The facts about each own function.
  final ByteArrayOutputStream facts = new ByteArrayOutputStream();

  final IntVector tableInits = new IntVector();
  final IntVector globalInits = new IntVector();
  final BitSet declaredFunctions = new BitSet();
  final BitSet tailCallers = new BitSet();
  final BitSet tailCallees = new BitSet();
  final GrowthFacts growth = new GrowthFacts();
  int allFacts;
  private @Nullable ValidatedBodies validated;
  int importedFunctionCount;
  int importedTableCount;
  int importedMemoryCount;
  int importedGlobalCount;
  int importedTagCount;
  int startFunction = -1;
  int dataCount = -1;
  NameSection names = NameSection.EMPTY;

  /// Creates a module without content.
  public WasmModuleBuilder(WasmFeatures features) {
    this.features = features;
  }

  /// Appends a type.
  public void addType(DefinedType type) {
    types.add(type);
  }

  /// Replaces type `index` by its canonical form.
  public void replaceType(int index, DefinedType type) {
    types.set(index, type);
  }

  /// Appends an import, and its item to the index space of its kind.
  public void addImport(Import item) {
    imports.add(item);
    switch (item.type()) {
      case FuncExternType function -> {
        functionTypes.add(function.type());
        importedFunctionCount++;
      }
      case TableType table -> {
        tableTypes.add(table);
        importedTableCount++;
      }
      case MemoryType memory -> {
        memoryTypes.add(memory);
        importedMemoryCount++;
      }
      case GlobalType global -> {
        globalTypes.add(global);
        importedGlobalCount++;
      }
      case TagType tag -> {
        tagTypes.add(tag);
        importedTagCount++;
      }
    }
  }

  /// Appends a function; its body comes later.
  public void addFunction(DefinedType type) {
    functionTypes.add(type);
  }

  /// Appends a table without an initial value.
  public void addTable(TableType type) {
    addTable(type, -1, -1);
  }

  /// Appends a table whose elements start as the constant expression in `[offset, end)`.
  public void addTable(TableType type, int offset, int end) {
    tableTypes.add(type);
    tableInits.add(offset);
    tableInits.add(end);
  }

  /// Appends a memory.
  public void addMemory(MemoryType type) {
    memoryTypes.add(type);
  }

  /// Appends a tag.
  public void addTag(TagType type) {
    tagTypes.add(type);
  }

  /// Appends a global that starts as the constant expression in `[offset, end)`.
  public void addGlobal(GlobalType type, int offset, int end) {
    globalTypes.add(type);
    globalInits.add(offset);
    globalInits.add(end);
  }

  /// Appends an export.
  public void addExport(Export export) {
    exports.add(export);
  }

  /// Sets the function that instantiation calls.
  public void setStartFunction(int index) {
    startFunction = index;
  }

  /// Appends an element segment.
  public void addElement(ElementSegment segment) {
    elements.add(segment);
  }

  /// Sets the number in the data count section.
  public void setDataCount(int count) {
    dataCount = count;
  }

  /// Takes what is known of all bodies from when the same module was validated before; the facts
  /// about each still come with [#addBody].
  public void useValidated(ValidatedBodies known) {
    validated = known;
    tailCallers.or(known.tailCallers());
    tailCallees.or(known.tailCallees());
  }

  /// Returns the functions during whose calls a memory may grow, once all bodies are there.
  BitSet memoryGrowers() {
    return validated != null ? validated.memoryGrowers() : growth.find(functionCount());
  }

  /// Appends the code entry in `[offset, end)`, from its local declarations on.
  ///
  /// @param functionFacts the [FunctionFacts] about it
  public void addBody(int offset, int end, int functionFacts) {
    bodies.add(offset);
    bodies.add(end);
    facts.write(functionFacts);
    allFacts |= functionFacts;
  }

  /// Appends a data segment.
  public void addData(DataSegment segment) {
    data.add(segment);
  }

  /// Appends a custom section.
  public void addCustomSection(CustomSection section) {
    customSections.add(section);
  }

  /// Sets the names.
  public void setNames(NameSection names) {
    this.names = names;
  }

  /// Notes that function `index` can become a reference.
  public void declareFunction(int index) {
    declaredFunctions.set(index);
  }

  /// Notes that own function `index` makes tail calls, and which functions it calls directly by
  /// them.
  public synchronized void noteTailCalls(int index, BitSet callees) {
    tailCallers.set(index);
    tailCallees.or(callees);
  }

  /// Notes what own function `index` calls. Any thread, while bodies are validated.
  ///
  /// @param callees what it calls directly, once for each call
  /// @param mayGrow whether it executes `memory.grow`, or calls what the module does not know:
  ///   elements of tables or references
  @SuppressWarnings("exports") // For the validator: the vector stays inside the engine.
  public synchronized void noteCalls(int index, IntVector callees, boolean mayGrow) {
    if (mayGrow) {
      growth.noteGrowth(index);
    }
    for (int i = 0; i < callees.size(); i++) {
      int callee = callees.get(i);
      if (callee < importedFunctionCount) {
        growth.noteGrowth(index);
      } else {
        growth.noteCall(index, callee);
      }
    }
  }

  /// Returns the finished module with the bytes that it was decoded from.
  public WasmModule build(WireBytes wireBytes) {
    return new WasmModule(this, wireBytes);
  }

  /// Returns the number of imports.
  public int importCount() {
    return imports.size();
  }

  /// Returns the number of exports.
  public int exportCount() {
    return exports.size();
  }

  /// Returns the number of own functions, with or without a body.
  public int ownFunctionCount() {
    return functionTypes.size() - importedFunctionCount;
  }

  /// Returns the number of own functions that have a body.
  public int bodyCount() {
    return bodies.size() / 2;
  }

  /// Returns the number of imported functions.
  public int importedFunctionCount() {
    return importedFunctionCount;
  }

  /// Returns the number of custom sections.
  public int customSectionCount() {
    return customSections.size();
  }

  /// Returns the number of data segments.
  public int dataSegmentCount() {
    return data.size();
  }

  @Override
  public int typeCount() {
    return types.size();
  }

  @Override
  public DefinedType type(int index) {
    return types.get(index);
  }

  @Override
  public int functionCount() {
    return functionTypes.size();
  }

  @Override
  public DefinedType functionType(int index) {
    return functionTypes.get(index);
  }

  @Override
  public int tableCount() {
    return tableTypes.size();
  }

  @Override
  public TableType tableType(int index) {
    return tableTypes.get(index);
  }

  @Override
  public int memoryCount() {
    return memoryTypes.size();
  }

  @Override
  public MemoryType memoryType(int index) {
    return memoryTypes.get(index);
  }

  @Override
  public int globalCount() {
    return globalTypes.size();
  }

  @Override
  public GlobalType globalType(int index) {
    return globalTypes.get(index);
  }

  @Override
  public int importedGlobalCount() {
    return importedGlobalCount;
  }

  @Override
  public int tagCount() {
    return tagTypes.size();
  }

  @Override
  public TagType tagType(int index) {
    return tagTypes.get(index);
  }

  @Override
  public int elementSegmentCount() {
    return elements.size();
  }

  @Override
  public RefType elementSegmentType(int index) {
    return elements.get(index).type();
  }

  @Override
  public int dataCount() {
    return dataCount;
  }

  @Override
  public boolean isDeclaredFunction(int index) {
    return declaredFunctions.get(index);
  }
}
