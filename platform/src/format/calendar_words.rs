//! Names of months and days, and words for times near now. A locale without a table here is written as in English.

pub(super) struct CalendarWords {
    pub(super) months_short: [&'static str; 12],
    pub(super) months_long: [&'static str; 12],
    /// Monday first.
    pub(super) days: [&'static str; 7],
    /// What follows the day's number: `22 Nov`, `22. Nov.`.
    pub(super) after_day: &'static str,
    /// What stands between a weekday and the date.
    pub(super) after_weekday: &'static str,
    pub(super) just_now: &'static str,
    pub(super) yesterday: &'static str,
    pub(super) tomorrow: &'static str,
    /// Pattern of the past and the future; `{}` is the span.
    pub(super) past: &'static str,
    pub(super) future: &'static str,
    pub(super) minutes: &'static str,
    pub(super) hours: &'static str,
    pub(super) days_span: &'static str,
}

static ENGLISH: CalendarWords = CalendarWords {
    months_short: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    months_long: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    days: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    after_day: "",
    after_weekday: "",
    just_now: "just now",
    yesterday: "yesterday",
    tomorrow: "tomorrow",
    past: "{} ago",
    future: "in {}",
    minutes: "min",
    hours: "h",
    days_span: "days",
};

static GERMAN: CalendarWords = CalendarWords {
    months_short: [
        "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez.",
    ],
    months_long: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    days: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
    after_day: ".",
    after_weekday: ",",
    just_now: "gerade eben",
    yesterday: "gestern",
    tomorrow: "morgen",
    past: "vor {}",
    future: "in {}",
    minutes: "Min.",
    hours: "Std.",
    days_span: "Tagen",
};

pub(super) fn words(language: &str) -> &'static CalendarWords {
    match language {
        "de" => &GERMAN,
        _ => &ENGLISH,
    }
}
