package dev.cloister.sandbox.http;

import dev.cloister.sandbox.http.ControlEndpoints.Function;
import dev.cloister.sandbox.http.field.DigestAlgorithm;
import dev.cloister.sandbox.http.field.DigestField;
import dev.cloister.sandbox.http.field.EntityTag;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.WriteGuard;
import io.vertx.core.http.HttpMethod;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What every resource of the control plane gets by standing in the table of routes: a strong tag,
/// conditions (RFC 9110, section 13), digests that are asked for, and links to the next page.
///
/// What a tag stands for is the answer of the path's GET. Conditions of a change are checked twice:
/// before the endpoint is asked, and, with nothing in between, within the transaction that makes
/// the change.
final class Representations {
  private static final String IF_MATCH = "If-Match";
  private static final String IF_NONE_MATCH = "If-None-Match";

  /// What GET answers, by path. Complete before the first request.
  private final Map<String, Function> readers = new HashMap<>();

  /// Returns `function` with what its method and path get.
  Function of(HttpMethod method, String path, Function function) {
    if (method.equals(HttpMethod.GET)) {
      readers.put(path, function);
      return request -> read(request, function.answer(request));
    }
    return request -> {
      Runnable check = check(path, request);
      check.run();
      return WriteGuard.call(check, () -> function.answer(request));
    };
  }

  /// Returns what throws the problem that a condition of a change does not hold at that moment.
  ///
  /// @param path the path of the resource that the conditions are about, as the routes have it
  /// @throws ApiException if a condition is not well-formed
  Runnable check(String path, ApiRequest request) {
    EntityTag.@Nullable Condition match =
        EntityTag.Condition.parse(IF_MATCH, request.header(IF_MATCH));
    EntityTag.@Nullable Condition noneMatch =
        EntityTag.Condition.parse(IF_NONE_MATCH, request.header(IF_NONE_MATCH));
    if (match == null && noneMatch == null) {
      return () -> {};
    }
    return () -> {
      @Nullable EntityTag current = current(path, request);
      if (match != null && (current == null || !match.holdsStrongly(current))) {
        throw failed(IF_MATCH, request, current);
      }
      if (noneMatch != null && current != null && noneMatch.holdsWeakly(current)) {
        throw failed(IF_NONE_MATCH, request, current);
      }
    };
  }

  private @Nullable EntityTag current(String path, ApiRequest request) {
    @Nullable Function reader = readers.get(path);
    if (reader == null) {
      return null;
    }
    try {
      return reader.answer(request).tag();
    } catch (ApiException e) {
      if (e.problem().type() == ProblemType.NOT_FOUND) {
        return null;
      }
      throw e;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("cannot read what a condition is about", e);
    }
  }

  private static Answer read(ApiRequest request, Answer answer) {
    @Nullable EntityTag tag = answer.tag();
    if (tag == null) {
      return answer;
    }
    Answer tagged = answer.with("ETag", tag.text());
    EntityTag.@Nullable Condition match =
        EntityTag.Condition.parse(IF_MATCH, request.header(IF_MATCH));
    if (match != null && !match.holdsStrongly(tag)) {
      throw failed(IF_MATCH, request, tag);
    }
    EntityTag.@Nullable Condition noneMatch =
        EntityTag.Condition.parse(IF_NONE_MATCH, request.header(IF_NONE_MATCH));
    if (noneMatch != null && noneMatch.holdsWeakly(tag)) {
      return tagged.withoutBody(304);
    }
    return linked(request, digested(request, tagged));
  }

  private static Answer digested(ApiRequest request, Answer answer) {
    Answer digested = answer;
    for (String field : new String[] {"Repr-Digest", "Content-Digest"}) {
      @Nullable DigestAlgorithm wanted = DigestField.wanted(request.header("Want-" + field));
      if (wanted != null) {
        byte[] digest = wanted.start().digest(answer.body());
        digested = digested.with(field, DigestField.text(wanted, digest));
      }
    }
    return digested;
  }

  private static Answer linked(ApiRequest request, Answer answer) {
    @Nullable String next = answer.nextCursor();
    return next == null
        ? answer
        : answer.with("Link", "<" + request.target("cursor", next) + ">; rel=\"next\"");
  }

  private static RuntimeException failed(
      String condition, ApiRequest request, @Nullable EntityTag current) {
    String state = current == null ? "there is nothing with a tag" : "the tag is " + current.text();
    return Problem.of(
            ProblemType.PRECONDITION_FAILED,
            "the condition " + condition + " does not hold: " + state)
        .with("what", condition)
        .with("actual", current == null ? null : current.text())
        .with("allowed", request.header(condition))
        .asException();
  }
}
