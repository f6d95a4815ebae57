package dev.cloister.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.bench.workload.Workload.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {
  private static final Path OWN =
      Path.of(System.getProperty("project.root")).resolve("bench/workloads");

  @TempDir Path folder;

  @Test
  void ownWorkloads_haveBinaries() throws IOException {
    Catalog catalog = Catalog.read(OWN, folder.resolve("none"));
    assertThat(catalog.all()).isNotEmpty();
    assertThat(catalog.all()).allSatisfy(workload -> assertThat(workload.module()).exists());
    assertThat(catalog.missing()).hasSize(1);
  }

  @Test
  void group_isTheLastColumn_andComputeWhereItIsLeftOut() throws IOException {
    Path own = Files.createDirectory(folder.resolve("own"));
    Files.writeString(own.resolve("workloads.txt"), "# name\none 5 1.5 1 2\ntwo 5 1 1 2 simd\n");
    Catalog catalog = Catalog.read(own, folder.resolve("none"));
    assertThat(catalog.find("one").orElseThrow().group()).isEqualTo(Group.COMPUTE);
    assertThat(catalog.find("two").orElseThrow().group()).isEqualTo(Group.SIMD);
    assertThat(catalog.find("one").orElseThrow().task()).isEqualTo(new Task.Run(5, "1.5", 1, "2"));
  }

  @Test
  void corpora_addWorkloads_butOurOwnGoFirst() throws IOException {
    Path own = Files.createDirectory(folder.resolve("own"));
    Files.writeString(own.resolve("workloads.txt"), "fib 5 1 1 2\n");
    Path corpora = Files.createDirectory(folder.resolve("corpora"));
    Path bench = Files.createDirectory(corpora.resolve("bench"));
    Files.writeString(bench.resolve("workloads.txt"), "fib 9 1 1 7 8\ninterp 9 1 1 7 8\n");
    Path programs = Files.createDirectory(corpora.resolve("programs"));
    Files.createFile(programs.resolve("sqlite.trace.jsonl.gz"));
    Files.createFile(programs.resolve("gofmt.trace.jsonl.gz"));
    Catalog catalog = Catalog.read(own, corpora);
    assertThat(catalog.missing()).isEmpty();
    assertThat(catalog.find("fib").orElseThrow().module()).hasParentRaw(own);
    assertThat(catalog.find("interp").orElseThrow())
        .isEqualTo(
            new Workload(
                "interp",
                bench.resolve("interp.wasm"),
                new Task.Run(9, "7", 1, "8"),
                Group.INTERPRETER,
                false));
    assertThat(catalog.find("sqlite").orElseThrow().group()).isEqualTo(Group.INTERPRETER);
    assertThat(catalog.find("gofmt").orElseThrow().group()).isEqualTo(Group.PROGRAM);
  }

  @Test
  void growableBuild_isOfAGroupOfItsOwn() throws IOException {
    Workload json = Catalog.read(OWN, folder.resolve("none")).find("json").orElseThrow();
    Workload growable = Catalog.growable(json, folder).orElseThrow();
    assertThat(growable.groupLabel()).isEqualTo("compute, growable memory");
    assertThat(growable.module()).exists();
  }
}
