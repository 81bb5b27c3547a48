; ModuleID = '__compute_module_add_bitcast_fusion_kernel_module'
source_filename = "__compute_module_add_bitcast_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

%XLA_CPU_KernelCallFrame = type { ptr, ptr, i64, ptr }
%XLA_CPU_KernelArg = type { ptr, i64 }
%kernel_dim3 = type { i64, i64, i64 }

; Function Attrs: uwtable
define ptr @add_bitcast_fusion(ptr %0) #0 {
  %2 = getelementptr inbounds %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 0, i32 0
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !4
  %6 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 1, i32 0
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !5
  %8 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 2, i32 0
  %9 = load ptr, ptr %8, align 8, !invariant.load !3, !dereferenceable !6
  %10 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 3, i32 0
  %11 = load ptr, ptr %10, align 8, !invariant.load !3, !dereferenceable !4
  %12 = getelementptr inbounds %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 1
  %13 = load ptr, ptr %12, align 8
  %14 = getelementptr inbounds %kernel_dim3, ptr %13, i32 0, i32 0
  %15 = load i64, ptr %14, align 4, !invariant.load !3
  %16 = getelementptr inbounds %kernel_dim3, ptr %13, i32 0, i32 1
  %17 = load i64, ptr %16, align 4, !invariant.load !3
  %18 = getelementptr inbounds %kernel_dim3, ptr %13, i32 0, i32 2
  %19 = load i64, ptr %18, align 4, !invariant.load !3
  call void @add_bitcast_fusion_wrapped(ptr %5, ptr %7, ptr %9, ptr %11, i64 %15, i64 %17, i64 %19)
  ret ptr null
}

; Function Attrs: alwaysinline
define internal void @add_bitcast_fusion_wrapped(ptr noalias align 64 dereferenceable(4096) %0, ptr noalias align 64 dereferenceable(256) %1, ptr noalias align 64 dereferenceable(20) %2, ptr noalias align 64 dereferenceable(4096) %3, i64 %4, i64 %5, i64 %6) #1 {
  br label %8

8:                                                ; preds = %36, %7
  %9 = phi i64 [ %39, %36 ], [ 0, %7 ]
  %10 = icmp slt i64 %9, 1024
  br i1 %10, label %11, label %40

11:                                               ; preds = %8
  %12 = udiv i64 %9, 16
  %13 = getelementptr inbounds [1024 x float], ptr %0, i32 0, i64 %9
  %14 = load float, ptr %13, align 4, !invariant.load !3
  %15 = icmp sge i64 %12, 1
  br i1 %15, label %16, label %33

16:                                               ; preds = %11
  %17 = add i64 %9, -16
  %18 = icmp slt i64 %17, 0
  %19 = sub i64 -1, %17
  %20 = select i1 %18, i64 %19, i64 %17
  %21 = sdiv i64 %20, 256
  %22 = sub i64 -1, %21
  %23 = select i1 %18, i64 %22, i64 %21
  %24 = add nsw i64 %12, 15
  %25 = urem i64 %24, 16
  %26 = mul nsw i64 %23, 16
  %27 = add nsw i64 %26, %25
  %28 = getelementptr inbounds [64 x float], ptr %1, i32 0, i64 %27
  %29 = load float, ptr %28, align 4, !invariant.load !3
  %30 = getelementptr inbounds [5 x float], ptr %2, i32 0, i64 %23
  %31 = load float, ptr %30, align 4, !invariant.load !3
  %32 = fadd float %29, %31
  br label %34

33:                                               ; preds = %11
  br label %34

34:                                               ; preds = %16, %33
  %35 = phi float [ 0.000000e+00, %33 ], [ %32, %16 ]
  br label %36

36:                                               ; preds = %34
  %37 = fadd float %14, %35
  %38 = getelementptr inbounds [1024 x float], ptr %3, i32 0, i64 %9
  store float %37, ptr %38, align 4
  %39 = add i64 %9, 1
  br label %8

40:                                               ; preds = %8
  ret void
}

attributes #0 = { uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { alwaysinline }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 4096}
!5 = !{i64 256}
!6 = !{i64 20}
