package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import java.io.UncheckedIOException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A part of the server's state that one client alone changes, one change after the other.
///
/// So it is known what must be there after the server was killed: the state of the last change that
/// was acknowledged, or that of the one that was under way. Anything else is a change that was
/// lost, or half of one.
///
/// @param <S> a state, compared by `equals`
abstract class Register<S> {
  private final String name;
  private S acknowledged;
  private @Nullable S underWay;
  private int changes;

  Register(String name, S initial) {
    this.name = name;
    this.acknowledged = initial;
  }

  /// A change: what it is called in messages, how it is asked for, and what is there after it.
  ///
  /// @param request sends the request
  /// @param after the state after it
  record Change<S>(String text, Function<TestClient, Reply> request, S after) {}

  /// Chooses the next change.
  abstract Change<S> next(RandomGenerator random, S now);

  /// Reads the state, and checks whatever follows from it.
  abstract S read(TestClient operator);

  /// Returns `after` with what only the answer tells.
  S complete(S after, Reply reply) {
    return after;
  }

  /// Returns whether `actual` is what was expected, as far as that was known.
  boolean isSame(S expected, S actual) {
    return expected.equals(actual);
  }

  /// Changes the state until the server is gone, or until the first change after `isOver`, which
  /// may fail.
  ///
  /// @throws AssertionError if a change is refused
  final void changeUntilCut(
      TestClient operator,
      RandomGenerator random,
      Runnable onAcknowledged,
      BooleanSupplier isOver) {
    do {
      Change<S> change = next(random, acknowledged);
      underWay = change.after;
      try {
        Reply reply = change.request.apply(operator);
        if (reply.status() >= 500 && isOver.getAsBoolean()) {
          return;
        }
        assertThat(reply.status())
            .as("%s: %s: %s", name, change.text, reply.text())
            .isBetween(200, 299);
        acknowledged = complete(change.after, reply);
        underWay = null;
      } catch (UncheckedIOException _) {
        // The server is gone.
        return;
      }
      changes++;
      onAcknowledged.run();
    } while (!isOver.getAsBoolean());
  }

  /// Checks what is there after the server was started again, and goes on from it.
  final void check(TestClient operator) {
    S actual = read(operator);
    @Nullable S possible = underWay;
    boolean isAsAfter = possible != null && isSame(possible, actual);
    assertThat(isAsAfter || isSame(acknowledged, actual))
        .as(
            "%s has%n  %s%nacknowledged was%n  %s%nunder way was%n  %s",
            name, actual, acknowledged, possible)
        .isTrue();
    acknowledged = actual;
    underWay = null;
  }

  /// Returns how many changes were acknowledged.
  final int changes() {
    return changes;
  }

  /// Returns what is there, after [#check].
  final S state() {
    return acknowledged;
  }
}
