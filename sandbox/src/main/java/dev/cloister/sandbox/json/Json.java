package dev.cloister.sandbox.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.cloister.sandbox.problem.NearestName;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads request bodies into records and writes answers.
///
/// Reading is strict: unknown and repeated fields, text where a number belongs, and anything after
/// the value are problems that name the place.
public final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  private Json() {}

  /// Reads `body` as a `type`.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the body is not JSON or does not fit
  public static <T> T read(byte[] body, Class<T> type) {
    try {
      @Nullable T value = MAPPER.readValue(body, type);
      if (value == null) {
        throw Problem.invalid("the body", "null", "a JSON object").asException();
      }
      return value;
    } catch (JsonMappingException e) {
      throw mismatch(e).asException();
    } catch (JsonProcessingException e) {
      throw malformed(e).asException();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read from memory", e);
    }
  }

  /// Reads `body` as any JSON value.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the body is not JSON
  public static JsonNode readTree(byte[] body) {
    return read(body, JsonNode.class);
  }

  /// Returns `value` as JSON in UTF-8.
  public static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass(), e);
    }
  }

  /// Returns `value` as JSON text.
  public static String text(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass(), e);
    }
  }

  /// Returns what makes JSON trees.
  public static JsonNodeFactory nodes() {
    return MAPPER.getNodeFactory();
  }

  private static Problem malformed(JsonProcessingException failure) {
    String detail = String.valueOf(failure.getOriginalMessage());
    ProblemType type =
        failure instanceof StreamConstraintsException
            ? ProblemType.INVALID_REQUEST
            : ProblemType.MALFORMED_JSON;
    return at(Problem.of(type, detail), failure.getLocation());
  }

  private static Problem mismatch(JsonMappingException failure) {
    if (failure.getCause() instanceof JsonProcessingException cause
        && !(cause instanceof JsonMappingException)) {
      return malformed(cause);
    }
    String field =
        failure.getPath().stream()
            .map(step -> step.getFieldName() == null ? "" + step.getIndex() : step.getFieldName())
            .collect(Collectors.joining("."));
    Problem problem =
        switch (failure) {
          case UnrecognizedPropertyException unknown -> unknownField(field, unknown);
          case MismatchedInputException mismatched ->
              Problem.of(ProblemType.INVALID_REQUEST, mismatchText(field, mismatched));
          default ->
              Problem.of(ProblemType.INVALID_REQUEST, String.valueOf(failure.getOriginalMessage()));
        };
    return at(problem.with("field", field), failure.getLocation());
  }

  private static Problem unknownField(String field, UnrecognizedPropertyException failure) {
    List<String> known =
        failure.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
    @Nullable String nearest = NearestName.of(failure.getPropertyName(), known);
    return Problem.of(
            ProblemType.INVALID_REQUEST,
            "there is no field \""
                + field
                + "\""
                + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"))
        .with("allowed", known);
  }

  private static String mismatchText(String field, MismatchedInputException failure) {
    @Nullable Class<?> target = failure.getTargetType();
    return (field.isEmpty() ? "the body" : "\"" + field + "\"")
        + " must be "
        + (target == null ? "of another type" : typeName(target));
  }

  private static String typeName(Class<?> type) {
    if (type == String.class) {
      return "a text";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
      return "a number";
    }
    return List.class.isAssignableFrom(type) ? "a list" : "an object";
  }

  private static Problem at(Problem problem, @Nullable JsonLocation location) {
    return location == null
        ? problem
        : problem.with("line", location.getLineNr()).with("column", location.getColumnNr());
  }
}
