package dev.cloister.engine.module;

import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.TypeSpace;

/// What the indices in a module's code mean (Spec 3.1.1, the context). Imports come first in each
/// space.
public sealed interface IndexSpaces extends TypeSpace permits WasmModule, WasmModuleBuilder {

  /// Returns the number of functions.
  int functionCount();

  /// Returns the type of function `index`.
  DefinedType functionType(int index);

  /// Returns the parameters and results of function `index`.
  default FuncType signature(int index) {
    return (FuncType) functionType(index).composite();
  }

  /// Returns the number of tables.
  int tableCount();

  /// Returns the type of table `index`.
  TableType tableType(int index);

  /// Returns the number of memories.
  int memoryCount();

  /// Returns the type of memory `index`.
  MemoryType memoryType(int index);

  /// Returns the number of globals.
  int globalCount();

  /// Returns the type of global `index`.
  GlobalType globalType(int index);

  /// Returns the number of imported globals.
  int importedGlobalCount();

  /// Returns the number of tags.
  int tagCount();

  /// Returns the type of tag `index`.
  TagType tagType(int index);

  /// Returns the number of element segments.
  int elementSegmentCount();

  /// Returns the type of the elements of segment `index`.
  RefType elementSegmentType(int index);

  /// Returns the number in the data count section, or -1 if there is no such section.
  int dataCount();

  /// Returns whether function `index` occurs in the module outside of function bodies and of the
  /// start section, so that references to it can be made.
  boolean isDeclaredFunction(int index);
}
