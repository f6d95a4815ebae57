package dev.cloister.engine.code;

import dev.cloister.engine.codegen.CallShape;
import dev.cloister.engine.codegen.ModuleClassGenerator;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.codegen.Names;
import dev.cloister.engine.codegen.SignatureGenerator;
import dev.cloister.engine.codegen.StructShape;
import dev.cloister.engine.runtime.CodeLinkage;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.LinkageSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The loader of the classes that a native module has once: instance, constants, references.
final class ModuleLoader extends GeneratedClassLoader implements LinkageSource {
  static {
    registerAsParallelCapable();
  }

  private final CodeLinkage linkage;
  private final ModuleAccount account;
  private final ModulePlan plan;
  private final ModuleClassGenerator generator;
  private final ClassFileArchive archive;
  private final CompilationStatistics statistics;
  private final Map<String, SignatureClasses.Loader> signatures = new HashMap<>();
  private final SignatureClasses.Loader[] signaturesByShape;
  private final StructClasses structClasses;
  private final Map<String, StructShape> structShapes = new HashMap<>();

  /// Class files that were generated before they are needed, by name without the package.
  private final Map<String, byte[]> ahead = new ConcurrentHashMap<>();

  /// The loaders that were asked for; they are kept for the life of the module.
  private final Map<StructShape, StructClasses.Loader> structs = new ConcurrentHashMap<>();

  private volatile @Nullable CodeObserver observer;

  ModuleLoader(
      String name,
      CodeLinkage linkage,
      ModuleAccount account,
      ModulePlan plan,
      SignatureClasses signatureClasses,
      StructClasses structClasses,
      CompileThreads threads,
      ClassFileArchive archive) {
    super(name, FuncRef.class.getClassLoader(), threads);
    this.linkage = linkage;
    this.account = account;
    account.manager().watch(this, account);
    this.plan = plan;
    this.generator = new ModuleClassGenerator(plan);
    this.structClasses = structClasses;
    this.archive = archive;
    this.statistics = threads.statistics();
    for (StructShape shape : plan.structShapes()) {
      structShapes.put(shape.loadedName(), shape);
    }
    signaturesByShape = new SignatureClasses.Loader[plan.shapeCount()];
    for (int i = 0; i < signaturesByShape.length; i++) {
      CallShape shape = plan.shape(i);
      signaturesByShape[i] = signatureClasses.loader(shape);
      signatures.put(
          simpleName(SignatureGenerator.referenceClassName(shape)), signaturesByShape[i]);
    }
  }

  private static String simpleName(String binaryName) {
    return binaryName.substring(Names.GENERATED.length());
  }

  /// {@return who is told of the module's code, if anybody}
  @Nullable CodeObserver observer() {
    return observer;
  }

  /// Tells `told` of the module's code from now on, or nobody.
  void observe(@Nullable CodeObserver told) {
    observer = told;
  }

  @Override
  public CodeLinkage linkage() {
    return linkage;
  }

  /// Counts the module among the live ones that use its call shapes.
  void retainSignatures() {
    for (SignatureClasses.Loader signature : signaturesByShape) {
      signature.retain();
    }
  }

  /// Ends what [#retainSignatures] began.
  void releaseSignatures() {
    for (SignatureClasses.Loader signature : signaturesByShape) {
      signature.release();
    }
  }

  /// {@return the loader of the classes of one of the module's shapes, by its ordinal}
  SignatureClasses.Loader signatures(int shape) {
    return signaturesByShape[shape];
  }

  /// {@return the bytes of the class files that were defined for the module and its structures}
  long codeBytes() {
    long bytes = definedBytes();
    for (StructClasses.Loader loader : structs.values()) {
      bytes += loader.definedBytes();
    }
    return bytes;
  }

  /// {@return the loader of the class of one of the module's shapes of structures}
  StructClasses.Loader structs(StructShape shape) {
    return structs.computeIfAbsent(shape, structClasses::loader);
  }

  /// {@return where the class files of the module and its images are kept}
  ClassFileArchive archive() {
    return archive;
  }

  @Override
  boolean owns(String name) {
    return !name.startsWith("signature.") && !name.startsWith("struct.");
  }

  @Override
  @Nullable Class<?> findElsewhere(String name) throws ClassNotFoundException {
    StructShape shape = structShapes.get(name);
    GeneratedClassLoader loader = shape == null ? signatures.get(name) : structs(shape);
    if (loader == null) {
      throw new ClassNotFoundException(name);
    }
    return loader.loadClass("dev.cloister.generated." + name);
  }

  @Override
  void beforeDefinition(String name, int bytes) {
    account.charge(bytes);
  }

  @Override
  byte @Nullable [] generate(String name) {
    return ImageArchive.find(archive, statistics, name, () -> generateAnew(name));
  }

  private byte @Nullable [] generateAnew(String name) {
    return switch (name) {
      case "I" -> generator.instance();
      case "M" -> generator.module();
      default ->
          name.startsWith("R") ? generator.reference(Integer.parseInt(name.substring(1))) : null;
    };
  }

  @Override
  byte @Nullable [] generated(String name) {
    return ahead.remove(name);
  }

  /// Generates the class of references to own functions of a shape, so that nobody has to wait for
  /// another thread when the first is made. On a compile thread.
  void prepareReferences(int shape) {
    String name = "R" + shape;
    byte[] file = generate(name);
    if (file != null) {
      ahead.put(name, file);
    }
  }

  /// {@return the number of shapes whose classes the module uses}
  int shapeCount() {
    return plan.shapeCount();
  }
}
