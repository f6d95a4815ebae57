package dev.cloister.engine.codegen;

import dev.cloister.engine.runtime.MemoryForm;

/// The names of generated classes and of what they refer to, in the JVM's internal form.
///
/// Generated names are ordinals, never the guest's own names. Each level of loaders has its own
/// classes: signatures, module, code image.
public final class Names {
  /// The package of everything that is generated.
  public static final String GENERATED = "dev/cloister/generated/";

  /// The package of the classes that belong to signature shapes.
  public static final String SIGNATURES = GENERATED + "signature/";

  /// The package of the classes that belong to shapes of structures.
  public static final String STRUCTS = GENERATED + "struct/";

  /// The instance class of a module.
  public static final String INSTANCE = GENERATED + "I";

  /// The class with a module's constants and its stop check, which is also the abstract class
  /// through which a module's instances are made and its references enter a code image.
  public static final String MODULE = GENERATED + "M";

  /// The implementation of [#MODULE] in a code image.
  public static final String CODE = GENERATED + "Code";

  static final String INSTANCE_DESC = "L" + INSTANCE + ";";
  static final String MODULE_DESC = "L" + MODULE + ";";

  static final String RUNTIME = "dev/cloister/engine/runtime/";
  static final String BASE_INSTANCE = RUNTIME + "Instance";
  static final String BASE_INSTANCE_DESC = "L" + BASE_INSTANCE + ";";
  static final String FUNC_REF = RUNTIME + "FuncRef";
  static final String FUNC_REF_DESC = "L" + FUNC_REF + ";";
  static final String MEMORY = RUNTIME + "Memory";
  static final String MEMORY_DESC = "L" + MEMORY + ";";
  static final String HEAP_MEMORY = RUNTIME + "HeapMemory";
  static final String SEGMENT_MEMORY = RUNTIME + "SegmentMemory";
  static final String MEMORY_ACCESS = RUNTIME + "MemoryAccess";
  static final String MEMORY_OPS = RUNTIME + "MemoryOps";
  static final String SEGMENT_ACCESS = RUNTIME + "SegmentAccess";
  static final String TABLE = RUNTIME + "Table";
  static final String TABLE_DESC = "L" + TABLE + ";";
  static final String GLOBAL = RUNTIME + "Global";
  static final String GLOBAL_DESC = "L" + GLOBAL + ";";
  static final String STORE_DESC = "L" + RUNTIME + "Store;";
  static final String LINKAGE = RUNTIME + "CodeLinkage";
  static final String LINKAGE_DESC = "L" + LINKAGE + ";";
  static final String STOP_SITE = RUNTIME + "StopSite";
  static final String CAPACITY_SITE = RUNTIME + "CapacitySite";
  static final String STACK_GUARD = RUNTIME + "StackGuard";
  static final String RESULT_SLOTS = RUNTIME + "ResultSlots";
  static final String RESULT_SLOTS_DESC = "L" + RESULT_SLOTS + ";";
  static final String LARGE_FRAMES = RUNTIME + "LargeFrames";
  static final String THROWN = RUNTIME + "ThrownException";
  static final String THROWN_DESC = "L" + THROWN + ";";
  static final String UNCAUGHT = "dev/cloister/engine/error/UncaughtWasmException";
  static final String LINKAGE_SOURCE = RUNTIME + "LinkageSource";
  static final String LEAF_SOURCE = RUNTIME + "LeafSource";
  static final String IMAGE_SOURCE = RUNTIME + "ImageSource";
  static final String IMAGE_ENTRY = RUNTIME + "ImageEntry";
  static final String IMAGE_ENTRY_DESC = "L" + IMAGE_ENTRY + ";";
  static final String V128 = RUNTIME + "V128";
  static final String V128_DESC = "L" + V128 + ";";
  static final String BULK_OPS = RUNTIME + "BulkOps";
  static final String GC_HEAP = RUNTIME + "GcHeap";
  static final String GC_HEAP_DESC = "L" + GC_HEAP + ";";
  static final String GC_TOKEN_DESC = "L" + RUNTIME + "GcToken;";
  static final String STRUCT = RUNTIME + "WasmStruct";
  static final String ARRAY = RUNTIME + "WasmArray";
  static final String ARRAY_OPS = RUNTIME + "ArrayOps";
  static final String I31 = RUNTIME + "I31";
  static final String CASTS = RUNTIME + "Casts";
  static final String FUEL = RUNTIME + "Fuel";
  static final String DEBUG_FRAME = RUNTIME + "DebugFrame";
  static final String DEBUG_FRAME_DESC = "L" + DEBUG_FRAME + ";";
  static final String DEBUG_WATCH = RUNTIME + "DebugWatch";
  static final String DEBUG_WATCH_DESC = "L" + DEBUG_WATCH + ";";
  static final String DEFINED_TYPE_DESC = "Ldev/cloister/engine/types/DefinedType;";

  private static final String INTRINSIC = RUNTIME + "intrinsic/";
  static final String INTEGER_OPS = INTRINSIC + "IntegerOps";
  static final String COMPARISONS = INTRINSIC + "Comparisons";
  static final String MASKS = INTRINSIC + "Masks";
  static final String LOOP_OPS = INTRINSIC + "LoopOps";
  static final String FLOAT_OPS = INTRINSIC + "FloatOps";
  static final String CONVERSION_OPS = INTRINSIC + "ConversionOps";
  static final String V128_OPS = INTRINSIC + "V128Ops";
  static final String I8X16_OPS = INTRINSIC + "I8x16Ops";
  static final String I16X8_OPS = INTRINSIC + "I16x8Ops";
  static final String I32X4_OPS = INTRINSIC + "I32x4Ops";
  static final String I64X2_OPS = INTRINSIC + "I64x2Ops";
  static final String F32X4_OPS = INTRINSIC + "F32x4Ops";
  static final String F64X2_OPS = INTRINSIC + "F64x2Ops";
  static final String HEAP_ATOMICS = INTRINSIC + "HeapAtomics";
  static final String SEGMENT_ATOMICS = INTRINSIC + "SegmentAtomics";
  static final String VECTOR_API = INTRINSIC + "VectorApi";
  static final String TRAPS = INTRINSIC + "Traps";
  static final String TRAP_DESC = "Ldev/cloister/engine/error/TrapException;";

  static final String METHOD_HANDLE = "java/lang/invoke/MethodHandle";
  static final String METHOD_HANDLE_DESC = "Ljava/lang/invoke/MethodHandle;";
  static final String VAR_HANDLE = "java/lang/invoke/VarHandle";
  static final String VAR_HANDLE_DESC = "Ljava/lang/invoke/VarHandle;";

  /// The package of the JDK's Vector API, and its vectors of any lanes.
  static final String VECTORS = "jdk/incubator/vector/";

  static final String VECTOR = VECTORS + "Vector";
  static final String VECTOR_DESC = "L" + VECTOR + ";";
  static final String OBJECTS = "java/util/Objects";
  static final String OBJECT = "java/lang/Object";
  static final String SEGMENT = "java/lang/foreign/MemorySegment";
  static final String SEGMENT_DESC = "L" + SEGMENT + ";";

  /// In place of the ordinal of a region: the rest of the function.
  static final String BODY = "body";

  private Names() {}

  /// {@return the class of memories of a form}
  static String memory(MemoryForm form) {
    return form == MemoryForm.SEGMENT ? SEGMENT_MEMORY : HEAP_MEMORY;
  }

  /// {@return the class with the code of chunk `index`}
  static String chunk(int index) {
    return GENERATED + "C" + index;
  }

  /// {@return a class with more methods of chunk `index`}
  static String chunkPart(int index, int part) {
    return chunk(index) + "_" + part;
  }

  /// {@return the method with the code of a function that has frame arrays, or with the rest of one
  /// that is divided}
  static String functionBody(int functionIndex) {
    return function(functionIndex) + "_" + BODY;
  }

  /// {@return the method with the code of a region of a function}
  static String region(int functionIndex, int ordinal) {
    return function(functionIndex) + "_" + ordinal;
  }

  /// {@return a method that maps indices to labels for a function}
  static String branchTable(int functionIndex, int ordinal) {
    return function(functionIndex) + "_t" + ordinal;
  }

  /// {@return the class that dispatches calls of shape `index` by ordinal}
  static String dispatch(int index) {
    return GENERATED + "D" + index;
  }

  /// {@return a class with a part of the dispatch by shape `index`}
  static String dispatchPart(int index, int part) {
    return dispatch(index) + "_" + part;
  }

  /// {@return the class of references to a module's own functions of shape `index`}
  static String reference(int index) {
    return GENERATED + "R" + index;
  }

  /// {@return the method with the code of a function}
  static String function(int functionIndex) {
    return "f" + functionIndex;
  }

  /// {@return the method by which a function that makes tail calls is called}
  static String tailCallLoop(int functionIndex) {
    return "p" + functionIndex;
  }
}
