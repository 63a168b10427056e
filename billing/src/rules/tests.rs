//! Laws that hold for every input. The tables are in `calc::tests`, where cases read as text.

use chrono::{Days, NaiveDate};
use platform::calendar::{Cycle, CycleUnit, DayCount, Period};
use platform::money::{Currency, Exact, Money, Rounding};
use proptest::prelude::*;

use super::change::{ChangeMode, NewPlan, change};
use super::country::Country;
use super::coupons::{Coupon, CouponOrder, CouponValue, apply_coupons};
use super::credit::Bought;
use super::plan::{Charge, LineKind, plan};
use super::proration::prorate;
use super::tax::{TaxLevel, TaxLine, tax};
use super::tiers::{Metered, Tier, TierModel, price_tiers};
use super::vat_rate::{in_eu, standard_rate};

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn money(minor: i64) -> Money {
    Money::new(minor, usd()).unwrap()
}

fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 1).unwrap()
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap()
}

fn day_counts() -> impl Strategy<Value = DayCount> {
    prop::sample::select(vec![DayCount::Actual, DayCount::Fixed30])
}

fn cycles() -> impl Strategy<Value = Cycle> {
    let units = vec![CycleUnit::Day, CycleUnit::Week, CycleUnit::Month, CycleUnit::Year];
    (prop::sample::select(units), 1_u16..7).prop_map(|(unit, count)| Cycle::new(unit, count).unwrap())
}

prop_compose! {
    fn charges()(
        price in 0_i64..1_000_000,
        cycle in cycles(),
        start in 0_u64..800,
        end in prop::option::of(1_u64..900),
        quantity in 1_u32..5,
        trial_days in 0_u32..40,
        setup in 0_i64..1000,
        anchor in prop::option::of(1_u32..=7),
    ) -> Charge {
        let start = after(first_day(), start);
        Charge {
            price: money(price), cycle, start, quantity, trial_days, setup: money(setup),
            end: end.map(|days| after(start, days)),
            anchor_day: anchor.filter(|_| cycle.unit != CycleUnit::Day),
            billed_through: None,
        }
    }
}

fn tax_lines() -> impl Strategy<Value = Vec<TaxLine>> {
    let rates = prop::sample::subsequence(vec!["0", "5.5", "7", "19", "20"], 0..4);
    let line = (-500_000_i64..500_000, rates, any::<bool>()).prop_map(|(amount, rates, inclusive)| TaxLine {
        amount: money(amount),
        rates: rates.into_iter().map(exact).collect(),
        inclusive,
    });
    prop::collection::vec(line, 0..8)
}

fn coupons() -> impl Strategy<Value = Vec<Coupon>> {
    let value = prop_oneof![
        (0_i64..=100).prop_map(|percent| CouponValue::Percent(Exact::from(percent))),
        (0_i64..20_000).prop_map(|minor| CouponValue::Fixed(money(minor))),
    ];
    let max = prop::option::of(0_i64..9000);
    let applies_to = prop::option::of(prop::sample::subsequence(vec![0_usize, 1, 2], 0..=3));
    let coupon =
        (value, applies_to, any::<bool>(), max, 0_i64..3000).prop_map(|(value, applies_to, stack, max, used)| Coupon {
            value,
            applies_to,
            stack,
            max: max.map(money),
            used: money(used),
        });
    prop::collection::vec(coupon, 0..5)
}

proptest! {
    #[test]
    fn proration_adds_up_to_a_unit(price in -1_000_000_i64..1_000_000, length in 2_u64..800, cut in 1_u64..799, count in day_counts()) {
        prop_assume!(cut < length);
        let (from, middle, to) = (first_day(), after(first_day(), cut), after(first_day(), length));
        let whole = Period::new(from, to).unwrap();
        let part = |from, to| {
            let part = Period::new(from, to).unwrap();
            prorate(money(price), Cycle::monthly(), whole, part, count).unwrap().amount.minor
        };
        prop_assert_eq!(part(from, to), price);
        prop_assert!((part(from, middle) + part(middle, to) - price).abs() <= 1);
    }

    #[test]
    fn planning_twice_plans_nothing(charge in charges(), ahead in 0_u64..900, count in day_counts()) {
        let target = after(first_day(), ahead);
        let first = plan(usd(), std::slice::from_ref(&charge), target, count).unwrap();
        let through = first.lines.iter().filter(|line| line.kind != LineKind::Setup).map(|line| line.to).max();
        let setup_day = first.lines.iter().find(|line| line.kind == LineKind::Setup).map(|line| after(line.from, 1));
        let Some(through) = through.or(setup_day) else { return Ok(()) };
        let billed = Charge { billed_through: Some(through), ..charge };
        prop_assert_eq!(plan(usd(), &[billed], target, count).unwrap().lines, vec![]);
    }

    #[test]
    fn planning_in_steps_plans_the_same(charge in charges(), first in 0_u64..900, second in 0_u64..900) {
        let (early, late) = (after(first_day(), first.min(second)), after(first_day(), first.max(second)));
        let at_once = plan(usd(), std::slice::from_ref(&charge), late, DayCount::Actual).unwrap().lines;
        let mut in_steps = plan(usd(), std::slice::from_ref(&charge), early, DayCount::Actual).unwrap().lines;
        let through = in_steps.iter().filter(|line| line.kind != LineKind::Setup).map(|line| line.to).max();
        prop_assume!(through.is_some());
        let billed = Charge { billed_through: through, ..charge };
        in_steps.extend(plan(usd(), &[billed], late, DayCount::Actual).unwrap().lines);
        prop_assert_eq!(in_steps, at_once);
    }

    #[test]
    fn planned_lines_tile(charge in charges(), ahead in 0_u64..900) {
        let lines = plan(usd(), std::slice::from_ref(&charge), after(first_day(), ahead), DayCount::Actual).unwrap().lines;
        let mut expected = after(charge.start, charge.trial_days.into());
        for line in lines.iter().filter(|line| line.kind != LineKind::Setup) {
            prop_assert_eq!(line.from, expected);
            prop_assert!(line.from < line.to && charge.end.is_none_or(|end| line.to <= end));
            expected = line.to;
        }
    }

    #[test]
    fn taxes_add_up(lines in tax_lines(), per_rate in any::<bool>(), even in any::<bool>()) {
        let level = if per_rate { TaxLevel::PerRate } else { TaxLevel::PerLine };
        let rounding = if even { Rounding::HalfEven } else { Rounding::HalfUp };
        let taxed = tax(usd(), &lines, level, rounding).unwrap();
        for (given, line) in lines.iter().zip(&taxed.lines) {
            prop_assert_eq!(line.net.add(line.tax).unwrap(), line.total);
            prop_assert_eq!(if given.inclusive { line.total } else { line.net }, given.amount);
            prop_assert_eq!(Money::sum(usd(), line.taxes.iter().copied()).unwrap(), line.tax);
        }
        prop_assert_eq!(Money::sum(usd(), taxed.by_rate.iter().map(|group| group.tax)).unwrap(), taxed.tax);
        prop_assert_eq!(taxed.net.add(taxed.tax).unwrap(), taxed.total);
        prop_assert!(taxed.by_rate.windows(2).all(|pair| pair[0].rate < pair[1].rate));
    }

    #[test]
    fn coupons_never_exceed(amounts in prop::array::uniform3(0_i64..10_000), coupons in coupons(), order in 0_usize..3) {
        let order = [CouponOrder::AsGiven, CouponOrder::PercentFirst, CouponOrder::FixedFirst][order];
        let amounts = amounts.map(money);
        let given = apply_coupons(usd(), &amounts, &coupons, order).unwrap();
        for (amount, line) in amounts.iter().zip(&given.lines) {
            prop_assert!(!line.net.is_negative() && !line.discount.is_negative());
            prop_assert_eq!(line.net.add(line.discount).unwrap(), *amount);
        }
        prop_assert_eq!(Money::sum(usd(), given.discounts.iter().map(|part| part.amount)).unwrap(), given.discount);
        for (index, coupon) in coupons.iter().enumerate() {
            let gave: i64 = given.discounts.iter().filter(|part| part.coupon == index).map(|part| part.amount.minor).sum();
            let value = match &coupon.value { CouponValue::Fixed(value) => value.minor, CouponValue::Percent(_) => i64::MAX };
            let limit = coupon.max.map_or(value, |max| max.minor.min(value));
            prop_assert!(gave == 0 || limit == i64::MAX || gave + coupon.used.minor <= limit);
        }
    }

    #[test]
    fn more_units_never_cost_less_when_graduated(first in 0_i64..10_000, second in 0_i64..10_000, flat in 0_i64..5) {
        let tier = |up_to: Option<i64>, unit_price: &str| Tier {
            up_to: up_to.map(Exact::from), unit_price: exact(unit_price), flat: Exact::from(flat), block: None,
        };
        let tiers = [tier(Some(100), "0.0173"), tier(Some(1000), "0.011"), tier(None, "0.0007")];
        let total = |units: i64| {
            let metered = Metered { units: Exact::from(units), included: exact("3.5"), minimum: money(50) };
            let priced = price_tiers(usd(), &metered, &tiers, TierModel::Graduated).unwrap();
            let parts = Money::sum(usd(), priced.tier_amounts.iter().copied()).unwrap();
            assert_eq!(parts.add(priced.true_up).unwrap(), priced.total);
            priced.total.minor
        };
        prop_assert!(total(first.min(second)) <= total(first.max(second)));
    }

    #[test]
    fn credit_never_exceeds_what_is_left(paid in 0_i64..100_000, share in 0_i64..=100, at in 0_u64..=31, count in day_counts()) {
        let credited = paid * share / 100;
        let period = Period::new(first_day(), after(first_day(), 31)).unwrap();
        let bought = Bought {
            price: money(100_000), quantity: 1, cycle: Cycle::monthly(), period,
            paid: Some(money(paid)), paid_from: None, credited: money(credited),
        };
        let credit = bought.unused_credit(after(first_day(), at), count).unwrap();
        prop_assert!(!credit.is_negative() && credit.minor <= paid - credited);
    }

    #[test]
    fn changing_to_the_same_plan_costs_nothing(price in 0_i64..100_000, at in 0_u64..=31, count in day_counts()) {
        let period = Period::new(first_day(), after(first_day(), 31)).unwrap();
        let cycle = Cycle::monthly();
        let old = Bought { price: money(price), quantity: 2, cycle, period, paid: None, paid_from: None, credited: money(0) };
        let new = NewPlan { price: money(price), quantity: 2, cycle, anchor_day: None };
        let changed = change(&old, &new, after(first_day(), at), ChangeMode::SameDueDate, count).unwrap();
        prop_assert!(changed.net.is_zero());
        prop_assert_eq!(changed.next_period.from, period.to);
    }
}

#[test]
fn the_union_has_27_members_and_the_kingdom_a_rate() {
    assert_eq!(Country::all().count(), 249);
    assert_eq!(Country::all().filter(|country| in_eu(*country)).count(), 27);
    let rated = Country::all().filter(|country| standard_rate(*country, first_day()).is_some());
    assert_eq!(rated.count(), 28);
}
