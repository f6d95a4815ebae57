package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.engine.runtime.V128;
import org.junit.jupiter.api.Test;

final class ScriptValueTest {
  private static final int SIGNALLING_F32 = 0x7fa0_0000;

  @Test
  void integers_areUnsignedBits() {
    assertThat(value("{'type':'i32','value':'4294967295'}").toGuest()).isEqualTo(-1);
    assertThat(value("{'type':'i64','value':'18446744073709551615'}").toGuest()).isEqualTo(-1L);
  }

  @Test
  void integers_matchByTypeAndValue() {
    ScriptValue seven = value("{'type':'i32','value':'7'}");

    assertThat(seven.matches(7)).isTrue();
    assertThat(seven.matches(8)).isFalse();
    assertThat(seven.matches(7L)).isFalse();
    assertThat(seven.matches(null)).isFalse();
  }

  @Test
  void floats_matchByBits() {
    ScriptValue negativeZero = value("{'type':'f64','value':'9223372036854775808'}");
    ScriptValue signalling = value("{'type':'f32','value':'" + SIGNALLING_F32 + "'}");

    assertThat(negativeZero.matches(-0.0)).isTrue();
    assertThat(negativeZero.matches(0.0)).isFalse();
    assertThat(signalling.matches(Float.intBitsToFloat(SIGNALLING_F32))).isTrue();
    assertThat(signalling.matches(Float.NaN)).isFalse();
  }

  @Test
  void nanPatterns_lookAtThePayloadAndNotAtTheSign() {
    ScriptValue canonical = value("{'type':'f32','value':'nan:canonical'}");
    ScriptValue arithmetic = value("{'type':'f32','value':'nan:arithmetic'}");

    assertThat(canonical.matches(Float.intBitsToFloat(0xffc0_0000))).isTrue();
    assertThat(canonical.matches(Float.intBitsToFloat(0x7fc0_0001))).isFalse();
    assertThat(arithmetic.matches(Float.intBitsToFloat(0x7fc0_0001))).isTrue();
    assertThat(arithmetic.matches(Float.intBitsToFloat(SIGNALLING_F32))).isFalse();
    assertThat(arithmetic.matches(1f)).isFalse();
    assertThat(arithmetic.matches(Double.NaN)).isFalse();
  }

  @Test
  void doubleNanPatterns_lookAtThePayloadAndNotAtTheSign() {
    ScriptValue canonical = value("{'type':'f64','value':'nan:canonical'}");

    assertThat(canonical.matches(Double.longBitsToDouble(0xfff8_0000_0000_0000L))).isTrue();
    assertThat(canonical.matches(Double.longBitsToDouble(0x7ff8_0000_0000_0001L))).isFalse();
  }

  @Test
  void vectors_haveLaneZeroFirst() {
    ScriptValue vector =
        value("{'type':'v128','lane_type':'i16','value':['1','2','3','4','5','6','7','65535']}");

    assertThat(vector.toGuest())
        .isEqualTo(new V128(0x0004_0003_0002_0001L, 0xffff_0007_0006_0005L));
    assertThat(vector.matches(new V128(0x0004_0003_0002_0001L, 0xffff_0007_0006_0005L))).isTrue();
    assertThat(vector.matches(new V128(0x0004_0003_0002_0001L, 0xffff_0007_0006_0004L))).isFalse();
  }

  @Test
  void vectors_matchNanPatternsLaneByLane() {
    ScriptValue vector =
        value("{'type':'v128','lane_type':'f64','value':['nan:canonical','4607182418800017408']}");
    long canonical = 0x7ff8_0000_0000_0000L;
    long one = Double.doubleToRawLongBits(1.0);

    assertThat(vector.matches(new V128(canonical, one))).isTrue();
    assertThat(vector.matches(new V128(canonical | 1, one))).isFalse();
    assertThat(vector.matches(new V128(one, canonical))).isFalse();
    assertThatThrownBy(vector::toGuest).isInstanceOf(ScriptException.class);
  }

  @Test
  void either_matchesOneOfSeveral() {
    ScriptValue either =
        value("{'type':'either','values':[{'type':'i32','value':'1'},{'type':'i32','value':'2'}]}");

    assertThat(either.matches(2)).isTrue();
    assertThat(either.matches(3)).isFalse();
  }

  @Test
  void hostReferences_areTheSameByNumber() {
    ScriptValue two = value("{'type':'externref','value':'2'}");

    assertThat(two.matches(two.toGuest())).isTrue();
    assertThat(two.matches(new HostReference(3))).isFalse();
    assertThat(two.matches(null)).isFalse();
  }

  @Test
  void nulls_matchNullAlone() {
    ScriptValue reference = value("{'type':'refnull'}");

    assertThat(reference.matches(null)).isTrue();
    assertThat(reference.matches(0)).isFalse();
    assertThat(value("{'type':'funcref','value':'null'}").toGuest()).isNull();
  }

  @Test
  void nonNullReferences_matchNeitherNullNorNumbers() {
    ScriptValue any = value("{'type':'anyref'}");

    assertThat(any.matches(new HostReference(1))).isTrue();
    assertThat(any.matches(null)).isFalse();
    assertThat(any.matches(1)).isFalse();
    assertThat(value("{'type':'funcref'}").matches(new HostReference(1))).isFalse();
  }

  @Test
  void malformedValues_areScriptFaults() {
    assertThatThrownBy(() -> value("{'type':'i32','value':'-1x'}"))
        .isInstanceOf(ScriptException.class);
    assertThatThrownBy(() -> value("{'type':'i33','value':'1'}"))
        .isInstanceOf(ScriptException.class);
    assertThatThrownBy(() -> value("{'type':'v128','lane_type':'i64','value':['1']}"))
        .isInstanceOf(ScriptException.class);
  }

  private static ScriptValue value(String json) {
    try {
      return ValueReader.value(new ObjectMapper().readTree(json.replace('\'', '"')));
    } catch (JsonProcessingException fault) {
      throw new AssertionError(fault);
    }
  }
}
