package dev.cloister.engine.runtime;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Adapters that functions of the host share.
final class HostAdaptersTest {
  /// {@return parameters that tell a number from 0 to 511 in their types}
  private static List<ValueType> params(int number) {
    List<ValueType> params = new ArrayList<>();
    for (int bit = 0; bit < 9; bit++) {
      params.add((number >>> bit & 1) == 0 ? I32 : I64);
    }
    return params;
  }

  private static List<Object> arguments(Instance caller, List<ValueType> params) {
    List<Object> arguments = new ArrayList<>();
    arguments.add(caller);
    for (int i = 0; i < params.size(); i++) {
      if (params.get(i).equals(I64)) {
        arguments.add((long) i);
      } else {
        arguments.add(i);
      }
    }
    return arguments;
  }

  @Test
  void functionsOfOneType_callTheirOwnBody() throws Throwable {
    FuncType type = new FuncType(List.of(I32), List.of(I32));
    try (TestEngine engine = new TestEngine()) {
      Instance caller = engine.instantiate(new ModuleBuilder());
      HostFunction first = HostFunction.of(type, (_, args) -> new Object[] {(int) args[0] + 1});
      HostFunction second = HostFunction.of(type, (_, args) -> new Object[] {(int) args[0] * 2});
      assertThat(first.target().invokeWithArguments(caller, 20)).isEqualTo(21);
      assertThat(second.target().invokeWithArguments(caller, 20)).isEqualTo(40);
    }
  }

  @Test
  void moreTypesThanAreKept_work_andTheirNumberIsBounded() throws Throwable {
    try (TestEngine engine = new TestEngine()) {
      Instance caller = engine.instantiate(new ModuleBuilder());
      for (int number = 0; number < 2 * HostAdapters.MAX_KEPT; number++) {
        List<ValueType> params = params(number);
        FuncType type = new FuncType(params, List.of(I32));
        HostFunction function =
            HostFunction.of(type, (_, args) -> new Object[] {args.length + (int) sum(args)});
        List<Object> arguments = arguments(caller, params);
        assertThat(function.target().invokeWithArguments(arguments)).isEqualTo(9 + 36);
        assertThat(HostAdapters.count()).isLessThanOrEqualTo(HostAdapters.MAX_KEPT);
      }
      assertThat(HostAdapters.count()).isEqualTo(HostAdapters.MAX_KEPT);
    }
  }

  private static long sum(Object[] numbers) {
    long total = 0;
    for (Object number : numbers) {
      total += ((Number) number).longValue();
    }
    return total;
  }
}
