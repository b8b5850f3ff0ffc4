//! Any bytes as a JSON log: reading neither panics nor loses a record, and a line that is read with
//! every record checked is one that serde_json reads.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use varpulis::data::{FieldId, Path, Type};
use varpulis::read::{DecodePlan, FieldPlan, InputInfo, MorselText, TypePlan, json};

fn plan(check_all: bool) -> DecodePlan {
    let field = |nth: usize, name: &&str| FieldPlan {
        id: FieldId(nth as u32),
        path: Path::dotted(name),
        ty: Type::Any,
        declared: false,
        required: false,
        first: nth == 0,
    };
    let fields = ["a", "a.b", "c"].iter().enumerate().map(|(nth, name)| field(nth, name)).collect();
    let event = TypePlan { name: "Event".into(), event: "Event".into(), fields, time: None };
    DecodePlan { types: vec![event], check_all, ..DecodePlan::default() }
}

fuzz_target!(|bytes: &[u8]| {
    for check_all in [false, true] {
        let text = MorselText { bytes: arrow::buffer::Buffer::from_vec(bytes.to_vec()), offset: 0 };
        let input = InputInfo { number: 0, name: Arc::from("fuzz"), event_type: None };
        let decoded = json::decode(text, &Arc::new(plan(check_all)), input);
        for (_, batch) in &decoded.batches {
            for nth in 0..3 {
                assert_eq!(batch.column(FieldId(nth), None).len(), batch.len());
            }
            let bad: Vec<u32> = batch.take_bad().into_iter().map(|(row, _)| row).collect();
            for row in (0..batch.len() as u32).filter(|row| check_all && !bad.contains(row)) {
                let read: Result<serde_json::Value, _> = serde_json::from_slice(batch.text(row));
                assert!(read.is_ok() || read.is_err_and(|error| error.to_string().contains("out of range")));
            }
        }
    }
});
