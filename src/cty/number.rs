//! Numbers of any size and precision.

use std::fmt;

use super::error::Error;

/// A number in the form in which it was received: a 64-bit integer, a float, or decimal text.
///
/// The form is kept so that a number that passes through the provider does not change. Equality is
/// by quantity, as in Terraform: whole numbers are equal if they are the same integer, others if
/// their shortest decimal texts are equal. The float `0.1` therefore equals the text `"0.1"`,
/// although no float has exactly this value. NaN is excluded: Terraform panics on it.
///
/// `Display` prints decimal text, which is a JSON number unless the number is infinite.
#[derive(Debug, Clone)]
pub struct Number(Form);

/// The form of a number. An integer has the first form that can hold it.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Signed(i64),
    Unsigned(u64),
    /// Not NaN.
    Float(f64),
    /// JSON number syntax.
    Decimal(String),
}

impl Number {
    /// Parses decimal text: sign, digits with or without a point, and exponent. Text outside the
    /// syntax of JSON numbers (`+1`, `.5`, `007`) is normalized; other text is kept unchanged.
    ///
    /// Other text is an error, including "inf" and hexadecimal numbers.
    pub fn from_decimal(text: &str) -> Result<Self, Error> {
        let Some(parts) = Parts::parse(text) else {
            return Err(Error::unexpected("a decimal number", "other text"));
        };
        let text = parts.to_json();
        // Only in the spelling in which an integer prints: `-0` and `1e3` stay text.
        match text.parse::<i64>() {
            Ok(whole) if whole.to_string() == text => Ok(whole.into()),
            _ => Ok(Self(Form::Decimal(text))),
        }
    }

    pub(super) fn from_float(float: f64) -> Result<Self, Error> {
        if float.is_nan() {
            return Err(Error::unexpected("a number", "NaN"));
        }
        Ok(Self(Form::Float(float)))
    }

    /// The number, if it is whole and in range.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Signed(whole) => Some(*whole),
            Form::Unsigned(whole) => i64::try_from(*whole).ok(),
            Form::Float(_) | Form::Decimal(_) => match self.canonical() {
                Canonical::Infinite { .. } => None,
                Canonical::Finite { negative, digits, exponent } => {
                    small_integer(negative, digits, exponent)
                }
            },
        }
    }

    pub fn is_finite(&self) -> bool {
        !matches!(self.0, Form::Float(float) if float.is_infinite())
    }

    pub(super) fn form(&self) -> &Form {
        &self.0
    }

    fn canonical(&self) -> Canonical {
        match &self.0 {
            Form::Float(float) if float.is_infinite() => {
                Canonical::Infinite { negative: *float < 0.0 }
            }
            _ => Parts::parse(&self.to_string()).map_or(
                Canonical::Finite { negative: false, digits: String::new(), exponent: 0 },
                |parts| parts.canonical(),
            ),
        }
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Self(Form::Signed(whole))
    }
}

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        i64::try_from(whole).map_or(Self(Form::Unsigned(whole)), Self::from)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Signed(one), Form::Signed(other)) => one == other,
            _ => self.canonical() == other.canonical(),
        }
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Signed(whole) => write!(f, "{whole}"),
            Form::Unsigned(whole) => write!(f, "{whole}"),
            // All digits of a whole float are significant; the shortest text has zeros from the
            // 17th digit on.
            Form::Float(float) if float.fract() == 0.0 => write!(f, "{float:.0}"),
            Form::Float(float) => write!(f, "{float}"),
            Form::Decimal(text) => f.write_str(text),
        }
    }
}

/// The unique form of a quantity: `±digits × 10^exponent`, where the digits neither start nor end
/// with a zero. Zero has neither digits nor sign.
#[derive(PartialEq, Eq)]
enum Canonical {
    Finite { negative: bool, digits: String, exponent: i64 },
    Infinite { negative: bool },
}

/// The parts of a decimal text: `-12.5e3` is negative, "12", "5", and 3 (written "e3").
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    /// Includes the `e`; empty if absent.
    exponent_text: &'a str,
    /// 32 bits, so that sums with the length of a text cannot overflow.
    exponent: i32,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let mantissa_end = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
        let (mantissa, exponent_text) = unsigned.split_at(mantissa_end);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let exponent = match exponent_text.get(1..) {
            None => 0,
            Some(exponent) => exponent.parse().ok()?,
        };
        Some(Self { negative, whole, fraction, exponent_text, exponent })
    }

    fn to_json(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let whole = match self.whole.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let point = if self.fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{}{}", self.fraction, self.exponent_text)
    }

    fn canonical(&self) -> Canonical {
        let all = format!("{}{}", self.whole, self.fraction);
        let leading = all.trim_start_matches('0');
        let digits = leading.trim_end_matches('0');
        if digits.is_empty() {
            return Canonical::Finite { negative: false, digits: String::new(), exponent: 0 };
        }
        let dropped = length(leading) - length(digits);
        Canonical::Finite {
            negative: self.negative,
            digits: digits.to_owned(),
            exponent: i64::from(self.exponent) - length(self.fraction) + dropped,
        }
    }
}

/// `None` beyond the 19 digits of 2^63, without writing out the zeros of a large exponent.
fn small_integer(negative: bool, mut digits: String, exponent: i64) -> Option<i64> {
    let zeros = usize::try_from(exponent).ok()?;
    if zeros > 18 || digits.len() > 19 {
        return None;
    }
    digits.extend(std::iter::repeat_n('0', zeros));
    let sign = if negative { "-" } else { "" };
    format!("{sign}0{digits}").parse().ok()
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The length of a text in memory, which is always below 2^63.
fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Number {
        Number::from_decimal(text).unwrap()
    }

    fn float(float: f64) -> Number {
        Number::from_float(float).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_quantity() {
        let equal = [
            (float(0.1), decimal("0.1")),
            (float(1.5), decimal("15e-1")),
            (float(3.0), 3_i64.into()),
            (decimal("3"), 3_i64.into()),
            (decimal("30E-1"), 3_i64.into()),
            (decimal("-0"), 0_i64.into()),
            (float(-0.0), 0_i64.into()),
            (decimal("0e99"), 0_u64.into()),
            (decimal("1.50"), decimal("0001.5")),
            (decimal("9223372036854775808"), 9_223_372_036_854_775_808_u64.into()),
            (float(9_223_372_036_854_775_808.0), 9_223_372_036_854_775_808_u64.into()),
            (float(1e23), decimal("99999999999999991611392")),
            (decimal("1e400"), decimal("10e399")),
            (float(f64::INFINITY), float(f64::INFINITY)),
        ];
        for (one, other) in equal {
            assert_eq!(one, other);
        }
        let different = [
            (float(1e23), decimal("1e23")),
            (decimal("0.1"), decimal("0.10000000000000000001")),
            (decimal("1"), decimal("-1")),
            (decimal("1"), decimal("10")),
            (float(f64::INFINITY), float(f64::NEG_INFINITY)),
            (float(f64::INFINITY), decimal("1e400")),
        ];
        for (one, other) in different {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn decimal_text_is_kept_or_normalized() {
        let spellings = [
            ("0.10", "0.10"),
            ("1E+5", "1E+5"),
            ("-0", "-0"),
            ("+1", "1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-007.50", "-7.50"),
        ];
        for (text, kept) in spellings {
            assert_eq!(decimal(text).to_string(), kept, "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+-5",
            "1 ",
            " 1",
            "--1",
            "0x10",
            "1_0",
            "inf",
            "NaN",
            "1.2.3",
            "1e99999999999",
            "１",
        ] {
            assert!(Number::from_decimal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn whole_numbers_in_range_are_integers() {
        for (number, whole) in [
            (decimal("1e3"), Some(1000)),
            (decimal("-9223372036854775808"), Some(i64::MIN)),
            (decimal("9223372036854775808"), None),
            (float(-9_223_372_036_854_775_808.0), Some(i64::MIN)),
            (float(9_223_372_036_854_775_808.0), None),
            (decimal("0.5"), None),
            (decimal("1e2000000000"), None),
            (decimal("0e2000000000"), Some(0)),
            (u64::MAX.into(), None),
            (float(f64::INFINITY), None),
        ] {
            assert_eq!(number.as_i64(), whole, "{number}");
        }
    }

    #[test]
    fn nan_is_refused() {
        assert!(Number::from_float(f64::NAN).is_err());
    }
}
