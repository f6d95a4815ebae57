package dev.cloister.engine.runtime;

import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.io.File;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.objectweb.asm.ClassVisitor;

/// A program of its own: the first guest of a fresh virtual machine exhausts its stack, and what it
/// does there is done for the first time in the machine's life.
///
/// A class initialiser that fails by a stack overflow leaves its class unusable for ever, and so
/// one guest would end the service for all. So what runs on guest stacks must have been initialised
/// before. The classes are loaded here already, as they are where class data are shared; else
/// loading them would need more stack than initialising them, and hide the fault.
final class ColdOverflow {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType RECURSE = new FuncType(List.of(I32, I32), List.of(I32));
  private static final List<String> LOADED =
      List.of(
          "runtime.MemoryAccess",
          "runtime.BulkOps",
          "runtime.ParkingLot",
          "runtime.SegmentAccess",
          "runtime.SegmentMemory",
          "runtime.intrinsic.AtomicOps",
          "runtime.intrinsic.SegmentAtomics",
          "runtime.intrinsic.IntegerOps",
          "error.ErrorCode",
          "error.TrapException",
          "error.TrapReason");

  private ColdOverflow() {}

  /// Returns the command that runs the program with a guest stack of about `stackBytes`.
  ///
  /// @param isLeaf whether the function of the host that the guest calls is a leaf
  static List<String> command(int stackBytes, boolean isLeaf) {
    String classPath =
        Stream.of(ColdOverflow.class, Instance.class, ClassVisitor.class)
            .map(ColdOverflow::location)
            .distinct()
            .collect(Collectors.joining(File.pathSeparator));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    return List.of(
        java.toString(),
        // Frames of equal size, and those of the JDK's own code at their largest.
        "-Xint",
        "-Xmx128m",
        "-cp",
        classPath,
        ColdOverflow.class.getName(),
        String.valueOf(stackBytes),
        String.valueOf(isLeaf));
  }

  /// Returns the folder or jar that a class was read from; that of the module would not do, as
  /// tests are patched into it.
  private static String location(Class<?> type) {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    String url = Objects.requireNonNull(type.getResource(file)).toString();
    String root = url.substring(0, url.length() - file.length());
    return Path.of(URI.create(root.replaceFirst("^jar:", "").replaceFirst("!$", ""))).toString();
  }

  /// Overflows on a thread with a stack of about `args[0]` bytes.
  public static void main(String[] args) throws Exception {
    for (String name : LOADED) {
      Class.forName(
          "dev.cloister.engine." + name,
          /* initialize= */ false,
          ColdOverflow.class.getClassLoader());
    }
    Thread thread =
        new Thread(
            null, () -> run(Boolean.parseBoolean(args[1])), "guest", Long.parseLong(args[0]));
    thread.setUncaughtExceptionHandler((_, e) -> {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    });
    thread.start();
    thread.join();
  }

  /// Comes from below the end of the stack to where all is well.
  private static void run(boolean isLeaf) {
    try (TestEngine engine = new TestEngine();
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = engine.compile(module()).instantiate(store, imports(isLeaf));
      int overflows = 0;
      int successes = 0;
      for (int depth = deepest(instance) + 20; successes < 50; depth--) {
        if (isExhausted(instance, depth, 1)) {
          successes = 0;
          overflows++;
        } else {
          successes++;
        }
      }
      System.out.println("overflows: " + overflows);
    }
  }

  /// Returns the deepest recursion that does nothing at its end.
  private static int deepest(Instance instance) {
    int low = 0;
    int high = 1 << 20;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (isExhausted(instance, middle, 0)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return low;
  }

  private static boolean isExhausted(Instance instance, int depth, int work) {
    try {
      Object result = instance.exportedFunction("recurse").call(depth, work)[0];
      if (!Integer.valueOf(0).equals(result)) {
        throw new AssertionError("at depth " + depth + ": " + result);
      }
      return false;
    } catch (TrapException trap) {
      if (trap.reason() != TrapReason.CALL_STACK_EXHAUSTED) {
        throw new AssertionError("at depth " + depth, trap);
      }
      return true;
    }
  }

  private static Imports imports(boolean isLeaf) {
    HostFunction body = isLeaf ? leaf() : HostFunction.of(INT, (_, args) -> args);
    return Imports.builder().define("m", "body", body).build();
  }

  private static HostFunction leaf() {
    try {
      MethodType type = MethodType.methodType(int.class, Instance.class, int.class);
      MethodHandle same = MethodHandles.lookup().findVirtual(Identity.class, "same", type);
      return HostFunction.unbound(INT, same).leaf().bind(new Identity());
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError("there is no such method", impossible);
    }
  }

  /// What the leaf works on.
  private static final class Identity {
    @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // by its handle
    int same(Instance caller, int value) {
      return value;
    }
  }

  private static ModuleBuilder module() {
    return new ModuleBuilder()
        .importFunction("m", "body", INT)
        .exportFunction(
            "work",
            INT,
            code -> {
              int wide = code.local(I64);
              int real = code.local(F64);
              code.localGet(0)
                  .access(Opcode.I32_LOAD, 0)
                  .localSet(0)
                  .localGet(0)
                  .access(Opcode.I64_LOAD, 8)
                  .localSet(wide)
                  .localGet(0)
                  .access(Opcode.F64_LOAD, 8)
                  .localSet(real)
                  .localGet(0)
                  .i32Const(3)
                  .op(Opcode.I32_DIV_S)
                  .call(0)
                  .call(4)
                  .i32Const(0)
                  .callIndirect(INT, 0)
                  .i32Const(0)
                  .op(Opcode.MEMORY_GROW, 0)
                  .i32Const(1)
                  .op(Opcode.I32_NE)
                  .i32Add();
            })
        .exportFunction(
            "recurse",
            RECURSE,
            code ->
                code.localGet(0)
                    .ifThen(I32)
                    .localGet(0)
                    .i32Const(1)
                    .op(Opcode.I32_SUB)
                    .localGet(1)
                    .call(2)
                    .otherwise()
                    .localGet(1)
                    .ifThen(I32)
                    .i32Const(0)
                    .call(1)
                    .otherwise()
                    .i32Const(0)
                    .end()
                    .end())
        .exportFunction("identity", INT, code -> code.localGet(0))
        .function(INT, ColdOverflow::useSharedMemory)
        .table(new TableType(RefType.FUNCREF, Limits.of(1)))
        .elements(0, 0, 3)
        .memory(1)
        .memory(
            new MemoryType(Limits.of(1, 1), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2));
  }

  /// Leaves the 0 that it is given.
  private static void useSharedMemory(CodeBuilder code) {
    code.localGet(0).op(Opcode.I32_LOAD, 2, 0, 1).localSet(0);
    code.i32Const(8).localGet(0).op(Opcode.I64_EXTEND_I32_U).op(Opcode.I64_STORE, 3, 0, 1);
    code.i32Const(4).i32Const(0).op(Opcode.I32_ATOMIC_RMW8_ADD_U, 0, 0, 1).localSet(0);
    code.i32Const(4).localGet(0).i32Const(0);
    code.op(Opcode.I32_ATOMIC_RMW_CMPXCHG, 2, 0, 1).localSet(0);
    code.localGet(0).i32Const(1).i64Const(0).op(Opcode.MEMORY_ATOMIC_WAIT32, 2, 0, 1).drop();
    code.localGet(0).i32Const(0).i64Const(0).op(Opcode.MEMORY_ATOMIC_WAIT32, 2, 0, 1).drop();
    code.localGet(0).i32Const(1).op(Opcode.MEMORY_ATOMIC_NOTIFY, 2, 0, 1).drop();
    code.i32Const(16).i32Const(0).i32Const(99).op(Opcode.MEMORY_FILL, 1);
    code.i32Const(16).i32Const(0).i32Const(99).op(Opcode.MEMORY_COPY, 1, 0);
    code.i32Const(0).op(Opcode.MEMORY_GROW, 1).drop();
    code.localGet(0);
  }
}
