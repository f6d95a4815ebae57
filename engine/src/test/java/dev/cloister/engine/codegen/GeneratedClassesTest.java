package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static dev.cloister.engine.types.VecType.V128;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.oracle.Operator;
import dev.cloister.engine.oracle.Programs;
import dev.cloister.engine.runtime.CalledByGeneratedCode;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Type;
import org.objectweb.asm.util.CheckClassAdapter;

/// All classes of many modules: they verify, and refer to nothing but the ABI of generated code.
final class GeneratedClassesTest {
  private static final int API = org.objectweb.asm.Opcodes.ASM9;
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final List<ValueType> ALL_KINDS =
      List.of(I32, I64, F32, V128, F64, EXTERNREF, FUNCREF, V128);

  /// What generated code may use of the JDK.
  private static final Set<String> JDK =
      Set.of(
          "java/lang/Class.getClassLoader",
          "java/lang/Double.compareUnsigned",
          "java/lang/Double.doubleToRawLongBits",
          "java/lang/Double.doubleValue",
          "java/lang/Double.longBitsToDouble",
          "java/lang/Double.valueOf",
          "java/lang/Float.floatToRawIntBits",
          "java/lang/Float.floatValue",
          "java/lang/Float.intBitsToFloat",
          "java/lang/Float.valueOf",
          "java/lang/Integer.bitCount",
          "java/lang/Integer.compareUnsigned",
          "java/lang/Integer.intValue",
          "java/lang/Integer.numberOfLeadingZeros",
          "java/lang/Integer.numberOfTrailingZeros",
          "java/lang/Integer.rotateLeft",
          "java/lang/Integer.rotateRight",
          "java/lang/Integer.toUnsignedLong",
          "java/lang/Integer.valueOf",
          "java/lang/Long.compareUnsigned",
          "java/lang/Long.longValue",
          "java/lang/Long.valueOf",
          "java/lang/Math.multiplyHigh",
          "java/lang/Math.sqrt",
          "java/lang/Math.unsignedMultiplyHigh",
          "java/lang/Object.<init>",
          "java/lang/String.charAt",
          "java/lang/invoke/MethodHandle.invokeExact",
          "java/lang/invoke/VarHandle.acquireFence",
          "java/lang/invoke/VarHandle.get",
          "java/lang/invoke/VarHandle.set",
          "java/util/Objects.checkIndex");

  /// A module, by the name of what is special about it.
  record Case(String name, ModuleBuilder module) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> modules() {
    return Stream.of(
        new Case("nothing", new ModuleBuilder()),
        new Case("all numeric instructions", allNumeric()),
        new Case("wide arithmetic", wideArithmetic()),
        new Case("vectors", vectors(/* growsMemory= */ false)),
        new Case("vectors and a memory that grows", vectors(/* growsMemory= */ true)),
        new Case("accesses and bulk operations", accesses(/* growsMemory= */ false)),
        new Case("accesses of a memory that grows", accesses(/* growsMemory= */ true)),
        new Case("tables and references", tables()),
        new Case("values of all kinds", allKinds()),
        new Case("more than a thousand parts of each kind", manyParts()),
        new Case("many functions of one shape in a table", manyFunctions()),
        new Case("a function of many JVM methods", Programs.large(1)),
        new Case("random functions", Programs.small(2)),
        new Case("other random functions", Programs.small(3)));
  }

  private static ModuleBuilder wideArithmetic() {
    FuncType pair = new FuncType(List.of(I64, I64), List.of(I64, I64));
    return new ModuleBuilder()
        .function(pair, code -> code.localGet(0).localGet(1).op(Opcode.I64_MUL_WIDE_S))
        .function(
            pair,
            code ->
                code.localGet(0)
                    .localGet(1)
                    .localGet(0)
                    .localGet(1)
                    .op(Opcode.I64_MUL_WIDE_U)
                    .op(Opcode.I64_ADD128)
                    .call(0)
                    .localGet(0)
                    .localGet(1)
                    .op(Opcode.I64_SUB128));
  }

  /// Every instruction on vectors, with operands in locals and on the stack.
  private static ModuleBuilder vectors(boolean growsMemory) {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    if (growsMemory) {
      module.function(VOID, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop());
    }
    for (Opcode opcode : Opcode.values()) {
      FuncType signature = opcode.signature();
      if (opcode.prefix() != Opcode.PREFIX_SIMD || signature == null) {
        continue;
      }
      boolean isAccess = opcode.accessWidthLog2() >= 0;
      List<ValueType> params = new ArrayList<>(isAccess ? List.of(I32) : List.of());
      params.addAll(signature.params());
      FuncType type = new FuncType(params, signature.results());
      long[] immediates =
          switch (opcode.immediates()) {
            case MEMORY_ACCESS -> new long[] {0, 8};
            case MEMORY_ACCESS_LANE -> new long[] {0, 8, 1};
            case LANE -> new long[] {1};
            case V128, SHUFFLE -> new long[] {0x0f0e_0302_0100_1f1eL, 0x0b0a_0908_0706_0504L};
            default -> new long[0];
          };
      module.function(
          type,
          code -> {
            for (int i = 0; i < params.size(); i++) {
              code.localGet(i);
            }
            code.op(opcode, immediates);
          });
      int last = module.functionCount() - 1;
      if (params.equals(List.of(V128, V128)) && signature.results().equals(List.of(V128))) {
        module.function(
            type,
            code ->
                code.localGet(0)
                    .localGet(0)
                    .localGet(1)
                    .call(last)
                    .op(opcode, immediates)
                    .localGet(0)
                    .op(opcode, immediates));
      }
    }
    return module;
  }

  private static ModuleBuilder allNumeric() {
    ModuleBuilder module = new ModuleBuilder();
    for (Operator operator : Operator.ALL) {
      module.function(
          new FuncType(List.copyOf(operator.operands()), List.of(operator.result())),
          code -> {
            for (int i = 0; i < operator.operands().size(); i++) {
              code.localGet(i);
            }
            code.op(operator.opcode());
          });
    }
    return module;
  }

  private static ModuleBuilder accesses(boolean growsMemory) {
    ModuleBuilder module = new ModuleBuilder();
    for (int offset : new int[] {0, 8}) {
      module.function(
          new FuncType(List.of(I32, I64, F32, F64), List.of()),
          code -> {
            code.localGet(0).localGet(0).access(Opcode.I32_LOAD8_S, offset);
            code.access(Opcode.I32_STORE8, offset);
            code.localGet(0).localGet(0).access(Opcode.I32_LOAD16_U, offset);
            code.access(Opcode.I32_STORE16, offset);
            code.localGet(0).localGet(0).access(Opcode.I64_LOAD32_U, offset);
            code.access(Opcode.I64_STORE, offset);
            code.localGet(0).localGet(2).access(Opcode.F32_STORE, offset);
            code.localGet(0).localGet(0).access(Opcode.F64_LOAD, offset);
            code.access(Opcode.F64_STORE, offset);
            code.localGet(0).localGet(0).localGet(0).op(Opcode.MEMORY_FILL, 0);
            code.localGet(0).localGet(0).localGet(0).op(Opcode.MEMORY_COPY, 0, 0);
            code.localGet(0).localGet(0).localGet(0).op(Opcode.MEMORY_INIT, 0, 0);
            code.op(Opcode.DATA_DROP, 0).op(Opcode.MEMORY_SIZE, 0).drop();
            code.localGet(0).access(Opcode.I32_LOAD, 0x8000_0000L).drop();
          });
    }
    if (growsMemory) {
      module.function(VOID, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop());
    }
    return module.memory(1).passiveData(new byte[1]);
  }

  private static ModuleBuilder tables() {
    ModuleBuilder module = new ModuleBuilder().importFunction("m", "f", INT);
    return module
        .exportFunction(
            "f",
            INT,
            code -> {
              code.i32Const(0).i32Const(1).op(Opcode.TABLE_GET, 0);
              code.op(Opcode.TABLE_SET, 0);
              code.heapType(Opcode.REF_NULL, AbstractHeapType.EXTERN);
              code.i32Const(1).op(Opcode.TABLE_GROW, 1).drop();
              code.localGet(0).localGet(0).callIndirect(INT, 0);
            })
        .table(new TableType(FUNCREF, Limits.of(4)))
        .table(new TableType(EXTERNREF, Limits.of(4)))
        .elements(0, 0, 0, 1);
  }

  private static ModuleBuilder allKinds() {
    FuncType all = new FuncType(ALL_KINDS, ALL_KINDS);
    ModuleBuilder module = new ModuleBuilder().importFunction("m", "f", all);
    return module
        .exportFunction(
            "f",
            all,
            code -> {
              for (int i = 0; i < ALL_KINDS.size(); i++) {
                code.localGet(i);
              }
              code.start(Opcode.BLOCK, all).call(0).end();
            })
        .exportFunction("g", VOID, code -> {})
        .start(2);
  }

  private static ModuleBuilder manyParts() {
    ModuleBuilder module = new ModuleBuilder();
    int many = 1_010;
    for (int i = 0; i < many; i++) {
      module.importFunction("m", "f" + i, INT);
    }
    for (int i = 0; i < many; i++) {
      module.importItem("m", "g" + i, new GlobalType(I32, true));
    }
    module.exportFunction(
        "f",
        VOID,
        code -> {
          code.i32Const(1).call(many - 1).drop();
          code.globalGet(many - 1).globalSet(many - 1);
          code.globalGet(2 * many - 1).globalSet(2 * many - 1);
          code.i32Const(0).access(Opcode.I32_LOAD, 0).drop();
          code.i32Const(0).op(Opcode.I32_LOAD, 2, 0, many - 1);
          code.drop();
          code.i32Const(1).i32Const(0).callIndirect(INT, many - 1).drop();
        });
    for (int i = 0; i < many; i++) {
      module.global(new GlobalType(I32, true), code -> code.i32Const(1));
      module.memory(MemoryType.of(Limits.of(0)));
      module.table(new TableType(FUNCREF, Limits.of(0)));
      module.type(new FuncType(Collections.nCopies(i % 20, I64), List.of()));
    }
    return module.export("global", ExternKind.GLOBAL, many);
  }

  private static ModuleBuilder manyFunctions() {
    ModuleBuilder module = new ModuleBuilder();
    int[] functions = new int[5_000];
    for (int i = 0; i < functions.length; i++) {
      module.function(INT, code -> code.localGet(0));
      functions[i] = i;
    }
    return module
        .table(new TableType(FUNCREF, Limits.of(functions.length)))
        .elements(0, 0, functions);
  }

  /// Generates every class of a module, by internal name.
  private static Map<String, byte[]> classes(ModuleBuilder module) {
    WasmModule decoded =
        ModuleDecoder.decode(module.build(), WasmFeatures.ALL, WasmLimits.defaults());
    ModulePlan plan = new ModulePlan(decoded, new InstanceLayout(decoded));
    ModuleClassGenerator generator = new ModuleClassGenerator(plan);
    Map<String, byte[]> classes = new LinkedHashMap<>();
    classes.put(Names.INSTANCE, generator.instance());
    classes.put(Names.MODULE, generator.module());
    classes.put(Names.CODE, DispatchGenerator.entry(plan));
    for (int chunk = 0; chunk < plan.chunkCount(); chunk++) {
      classes.putAll(ChunkGenerator.chunk(CodeKind.BASELINE, plan, chunk));
    }
    for (StructShape shape : plan.structShapes()) {
      classes.put(shape.className(), StructGenerator.generate(shape));
    }
    for (int shape = 0; shape < plan.shapeCount(); shape++) {
      classes.put(Names.reference(shape), generator.reference(shape));
      classes.put(Names.dispatch(shape), DispatchGenerator.dispatch(plan, shape));
      for (int part = 0; part < DispatchGenerator.parts(plan, shape); part++) {
        classes.put(Names.dispatchPart(shape, part), DispatchGenerator.part(plan, shape, part));
      }
      CallShape callShape = plan.shape(shape);
      classes.put(callShape.referenceClass(), SignatureGenerator.reference(callShape));
      classes.put(callShape.hostClass(), SignatureGenerator.host(callShape));
    }
    for (StructShape shape : plan.structShapes()) {
      for (StructShape s = shape; s != null; s = s.parent()) {
        classes.put(s.className(), StructGenerator.generate(s));
      }
    }
    return classes;
  }

  @ParameterizedTest
  @MethodSource("modules")
  void classes_pass_asmAndTheVerifier(Case module) throws ReflectiveOperationException {
    Map<String, byte[]> classes = classes(module.module());
    DefiningLoader loader = new DefiningLoader(classes);
    for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
      ClassReader reader = new ClassReader(entry.getValue());
      assertThat(reader.getClassName()).isEqualTo(entry.getKey());
      StringWriter faults = new StringWriter();
      CheckClassAdapter.verify(reader, loader, /* printResults= */ false, new PrintWriter(faults));
      assertThat(faults.toString()).as(entry.getKey()).isEmpty();
      // Asking for the methods links the class, so the JVM verifies it; nothing of it is run.
      Class<?> type = loader.loadClass(entry.getKey().replace('/', '.'));
      assertThat(type.getDeclaredMethods()).isNotNull();
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void classes_referTo_nothingButTheAbi(Case module) throws ReflectiveOperationException {
    Map<String, byte[]> classes = classes(module.module());
    References references = new References(classes.keySet());
    classes.values().forEach(bytes -> new ClassReader(bytes).accept(references, 0));

    Set<String> forbidden = new TreeSet<>();
    for (Reference reference : references.found) {
      if (!isAllowed(reference)) {
        forbidden.add(reference.toString());
      }
    }
    assertThat(forbidden).isEmpty();
  }

  private static boolean isAllowed(Reference reference) throws ReflectiveOperationException {
    if (reference.owner().startsWith("java/")) {
      return JDK.contains(reference.owner() + "." + reference.name());
    }
    Class<?> owner =
        Class.forName(
            reference.owner().replace('/', '.'),
            /* initialize= */ false,
            ModulePlan.class.getClassLoader());
    return owner.isAnnotationPresent(CalledByGeneratedCode.class)
        && reference.find(owner).isAnnotationPresent(CalledByGeneratedCode.class);
  }

  /// A member that generated code names.
  private record Reference(String owner, String name, String descriptor) {
    AnnotatedElement find(Class<?> type) throws ReflectiveOperationException {
      if (!descriptor.startsWith("(")) {
        for (Field field : type.getDeclaredFields()) {
          if (field.getName().equals(name)
              && Type.getDescriptor(field.getType()).equals(descriptor)) {
            return field;
          }
        }
      } else if (name.equals("<init>")) {
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
          if (Type.getConstructorDescriptor(constructor).equals(descriptor)) {
            return constructor;
          }
        }
      } else {
        for (Method method : type.getDeclaredMethods()) {
          if (method.getName().equals(name)
              && Type.getMethodDescriptor(method).equals(descriptor)) {
            return method;
          }
        }
      }
      throw new NoSuchMethodException(toString());
    }

    @Override
    public String toString() {
      return owner + "." + name + " " + descriptor;
    }
  }

  /// Collects the members outside of the generated classes that their code names.
  private static final class References extends ClassVisitor {
    final Set<Reference> found = new LinkedHashSet<>();
    private final Set<String> generated;

    References(Set<String> generated) {
      super(API);
      this.generated = generated;
    }

    @Override
    public MethodVisitor visitMethod(
        int access,
        String name,
        String descriptor,
        @Nullable String signature,
        String @Nullable [] exceptions) {
      return new MethodVisitor(API) {
        @Override
        public void visitMethodInsn(
            int opcode, String owner, String method, String type, boolean isInterface) {
          add(owner, method, type);
        }

        @Override
        public void visitFieldInsn(int opcode, String owner, String field, String type) {
          add(owner, field, type);
        }

        @Override
        public void visitInvokeDynamicInsn(
            String method, String type, Handle bootstrap, Object... arguments) {
          throw new AssertionError("invokedynamic " + method);
        }
      };
    }

    private void add(String owner, String name, String type) {
      if (!generated.contains(owner)) {
        found.add(new Reference(owner, name, type));
      }
    }
  }

  /// Defines the classes, which are the module's, the image's and the signatures' at once.
  private static final class DefiningLoader extends ClassLoader {
    private final Map<String, byte[]> classes;

    DefiningLoader(Map<String, byte[]> classes) {
      super(ModulePlan.class.getClassLoader());
      this.classes = classes;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] bytes = classes.get(name.replace('.', '/'));
      if (bytes == null) {
        throw new ClassNotFoundException(name);
      }
      return defineClass(name, bytes, 0, bytes.length);
    }
  }
}
